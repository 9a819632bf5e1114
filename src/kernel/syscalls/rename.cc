// rename: within one mount; policy decided on both names.
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted rename_call(CallContext& context, const abi::RenameRequest&, abi::RenameReply&) {
  std::lock_guard lock(context.agent().mutex);
  TRY(files_of(context).rename(context.facts.path, context.facts.second_path));
  return done();
}

}  // namespace agentos::kernel::syscalls
