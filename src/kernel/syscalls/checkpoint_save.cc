// checkpoint_save: a JSON document of the agent's state, under an id.
#include "kernel/checkpoints.h"
#include "kernel/syscalls/files.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted checkpoint_save_call(CallContext& context, const abi::CheckpointSaveRequest& request,
                           abi::CheckpointSaveReply& reply) {
  std::lock_guard lock(context.agent().mutex);
  reply = TRY(save_checkpoint(files_of(context), context.facts.path, request.state));
  context.bytes = reply.size;
  return done();
}

}  // namespace agentos::kernel::syscalls
