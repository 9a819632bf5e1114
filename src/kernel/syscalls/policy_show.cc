// policy_show: what is in force, for the kernel or for one agent.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted policy_show_call(CallContext& context, const abi::PolicyShowRequest& request, abi::PolicyShowReply& reply) {
  std::shared_ptr<const policy::Program> program;
  if (request.agent.empty()) {
    program = TRY(context.monitor.policy.program_for(nullptr));
  } else {
    auto agent = TRY(context.monitor.agents.find_one(request.agent));
    std::lock_guard lock(agent->mutex);
    program = agent->program;
  }
  reply.epoch = static_cast<std::int64_t>(program->epoch());
  reply.policy = program->summary();
  return done();
}

}  // namespace agentos::kernel::syscalls
