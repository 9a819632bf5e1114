// open: a handle on a file of the caller's namespace.
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

vfs::OpenFlags flags_of(std::string_view mode) {
  const auto flag = [](vfs::OpenFlag one) { return static_cast<vfs::OpenFlags>(one); };
  const vfs::OpenFlags read = flag(vfs::OpenFlag::kRead), write = flag(vfs::OpenFlag::kWrite),
                       create = flag(vfs::OpenFlag::kCreate);
  if (mode == "w") return write | create | flag(vfs::OpenFlag::kTruncate);
  if (mode == "a") return write | create | flag(vfs::OpenFlag::kAppend);
  if (mode == "rw") return read | write | create;
  if (mode == "x") return write | create | flag(vfs::OpenFlag::kExclusive);
  return read;
}

}  // namespace

Acted open_call(CallContext& context, const abi::OpenRequest& request, abi::OpenReply& reply) {
  Agent& agent = context.agent();
  if (request.mode != "r" && (agent.rights & abi::right::files_write) == 0) {
    return fail(abi::error::not_permitted, "opening for writing needs the right \"files_write\"");
  }
  std::lock_guard lock(agent.mutex);
  auto file = TRY(files_of(context).open(context.facts.path, flags_of(request.mode)));
  reply.handle = agent.add_handle({std::move(file), std::string(context.facts.path)});
  if (reply.handle < 0) return fail(abi::error::busy, "1024 handles are open already", "close some");
  return done();
}

}  // namespace agentos::kernel::syscalls
