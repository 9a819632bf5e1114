// mmap: makes or joins a shared region; the descriptor goes with the reply.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted mmap_call(CallContext& context, const abi::MmapRequest& request, abi::MmapReply& reply) {
  Agent& agent = context.agent();
  const bool joins = !request.region.empty();
  if (joins == (request.size != 0))
    return fail(abi::error::invalid_argument, "give \"size\" for a new region or \"region\" to join one");
  if (joins && !request.share_with.empty())
    return fail(abi::error::invalid_argument, "only a new region takes \"share_with\"");
  if ((joins || !request.share_with.empty()) && (agent.rights & abi::right::share_memory) == 0) {
    return fail(abi::error::not_permitted, "sharing memory needs the right \"share_memory\"");
  }
  {
    std::lock_guard lock(agent.mutex);
    if (agent.regions.size() >= kRegionsMax)
      return fail(abi::error::no_space, "the agent holds 64 regions already", "munmap some");
  }
  auto joined = TRY(joins ? context.monitor.regions.join(agent.id, request.region, request.access)
                          : context.monitor.regions.make(agent.id, request.size, request.share_with));
  bool ended = false;
  {
    std::lock_guard lock(agent.mutex);
    ended = agent.state == AgentState::kEnded;  // its regions were given up already, so this one is, too
    if (!ended && std::find(agent.regions.begin(), agent.regions.end(), joined.region) == agent.regions.end())
      agent.regions.push_back(joined.region);
  }
  if (ended) {
    (void)context.monitor.regions.leave(agent.id, joined.region);
    return fail(abi::error::terminated, "the agent has ended");
  }
  reply = {.region = joined.region, .size = joined.size, .access = joined.access};
  context.descriptors_out.push_back(std::move(joined.descriptor));
  return done();
}

}  // namespace agentos::kernel::syscalls
