// checkpoint_load: a checkpoint read back by its id.
#include "kernel/checkpoints.h"
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted checkpoint_load_call(CallContext& context, const abi::CheckpointLoadRequest&, abi::CheckpointLoadReply& reply) {
  std::lock_guard lock(context.agent().mutex);
  reply = TRY(load_checkpoint(files_of(context), context.facts.path));
  context.bytes = reply.size;
  return done();
}

}  // namespace agentos::kernel::syscalls
