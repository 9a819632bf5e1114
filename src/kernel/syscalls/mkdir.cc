// mkdir: one directory; its parent must exist.
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted mkdir_call(CallContext& context, const abi::MkdirRequest&, abi::MkdirReply&) {
  std::lock_guard lock(context.agent().mutex);
  TRY(files_of(context).make_directory(context.facts.path));
  return done();
}

}  // namespace agentos::kernel::syscalls
