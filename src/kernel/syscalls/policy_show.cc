// policy_show: what is in force, for the kernel or for one agent.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted policy_show_call(CallContext& context, const abi::PolicyShowRequest& request, abi::PolicyShowReply& reply) {
  InForce in_force;
  if (request.agent.empty()) {
    in_force = TRY(context.monitor.policy.in_force_for(nullptr));
  } else {
    auto agent = TRY(context.monitor.agents.find_one(request.agent));
    std::lock_guard lock(agent->mutex);
    in_force = agent->in_force;
  }
  reply.epoch = static_cast<std::int64_t>(in_force->program->epoch());
  reply.policy = in_force->program->summary();
  return done();
}

}  // namespace agentos::kernel::syscalls
