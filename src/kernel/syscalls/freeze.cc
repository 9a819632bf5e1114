// freeze: everything stops at once, or goes on.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted freeze_call(CallContext& context, const abi::FreezeRequest& request, abi::FreezeReply& reply) {
  reply.agents = request.frozen ? context.monitor.freeze_all(request.reason) : context.monitor.thaw_all(request.reason);
  return done();
}

}  // namespace agentos::kernel::syscalls
