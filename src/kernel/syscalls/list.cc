// list: a directory, by name, in pieces.
#include <algorithm>

#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"
#include "lib/vfs/path.h"

namespace agentos::kernel::syscalls {

Acted list_call(CallContext& context, const abi::ListRequest& request, abi::ListReply& reply) {
  std::lock_guard lock(context.agent().mutex);
  for (vfs::Stat& stat : TRY(files_of(context).list(context.facts.path))) {
    if (static_cast<std::int64_t>(reply.entries.size()) == request.entries_max) break;
    if (!request.after.empty() && vfs::name_of(stat.path) <= request.after) continue;
    reply.entries.push_back(to_reply(std::move(stat)));
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
