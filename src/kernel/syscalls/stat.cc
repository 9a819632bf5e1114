// stat: what a path or a handle is.
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted stat_call(CallContext& context, const abi::StatRequest& request, abi::StatReply& reply) {
  std::lock_guard lock(context.agent().mutex);
  if (!request.handle) {
    reply = to_reply(TRY(files_of(context).stat(context.facts.path)));
    return done();
  }
  Handle* handle = context.agent().find_handle(*request.handle);
  if (handle == nullptr)
    return fail(abi::error::bad_handle, "handle " + std::to_string(*request.handle) + " is not open");
  TRY(check_same(context, *handle, *request.handle));
  if (auto* file = std::get_if<std::shared_ptr<vfs::OpenFile>>(&handle->what)) {
    reply = to_reply((*file)->stat());
  } else {
    reply.kind = "pipe";
    auto* end = std::get_if<std::shared_ptr<ipc::ReadEnd>>(&handle->what);
    const ipc::Queue& queue =
        end != nullptr ? (*end)->queue() : std::get<std::shared_ptr<ipc::WriteEnd>>(handle->what)->queue();
    reply.size = static_cast<std::int64_t>(queue.bytes());
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
