// approve: an operator's answer to a parked call.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted approve_call(CallContext& context, const abi::ApproveRequest& request, abi::ApproveReply&) {
  TRY(context.monitor.approve(request.approval, request.granted, request.digest, request.reason,
                              context.caller.operator_uid));
  return done();
}

}  // namespace agentos::kernel::syscalls
