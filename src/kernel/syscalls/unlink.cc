// unlink: a file or an empty directory; what is open stays readable.
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted unlink_call(CallContext& context, const abi::UnlinkRequest&, abi::UnlinkReply&) {
  std::lock_guard lock(context.agent().mutex);
  TRY(files_of(context).unlink(context.facts.path));
  return done();
}

}  // namespace agentos::kernel::syscalls
