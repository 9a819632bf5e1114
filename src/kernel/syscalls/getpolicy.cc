// getpolicy: the policy in force, as far as it can apply to the caller.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted getpolicy_call(CallContext& context, const abi::GetpolicyRequest&, abi::GetpolicyReply& reply) {
  const policy::Request request = policy_request(context);
  reply.epoch = static_cast<std::int64_t>(context.in_force->program->epoch());
  reply.documents = context.in_force->program->summary();
  reply.rules = context.in_force->program->visible_to(request.principal);
  return done();
}

}  // namespace agentos::kernel::syscalls
