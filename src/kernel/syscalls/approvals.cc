// approvals: the calls that wait for an operator.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted approvals_call(CallContext& context, const abi::ApprovalsRequest&, abi::ApprovalsReply& reply) {
  reply.approvals = context.monitor.approvals();
  return done();
}

}  // namespace agentos::kernel::syscalls
