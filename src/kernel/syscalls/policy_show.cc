// policy_show: what is in force, for the kernel or for one agent.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted policy_show_call(CallContext& context, const abi::PolicyShowRequest& request, abi::PolicyShowReply& reply) {
  InForce in_force;
  std::vector<Sources> sets{context.monitor.policy.documents()};
  if (request.agent.empty()) {
    in_force = TRY(context.monitor.policy.in_force_for(nullptr));
  } else {
    auto agent = TRY(context.monitor.agents.find_one(request.agent));
    std::lock_guard lock(agent->mutex);
    in_force = agent->in_force;
    sets.push_back(agent->sources);
  }
  reply.epoch = static_cast<std::int64_t>(in_force->program->epoch());
  reply.policy = in_force->program->summary();
  for (const Sources& set : sets) {
    if (!request.documents || set == nullptr) continue;
    for (const policy::Source& source : *set) reply.documents.push_back({.file = source.file, .text = source.text});
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
