// exit: ends the caller. A process has a moment to end by itself after the reply; what still lives is killed.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {
constexpr std::int64_t kExitMomentMs = 200;
}  // namespace

Acted exit_call(CallContext& context, const abi::ExitRequest& request, abi::ExitReply& reply) {
  std::shared_ptr<Agent> agent = context.caller.agent;
  reply.code = request.code;
  {
    std::lock_guard lock(agent->mutex);
    agent->state = AgentState::kEnding;
    agent->exit_cause = "exit";
    agent->exit = {agent->id, request.code, false, 0, "exit"};
  }
  Monitor& monitor = context.monitor;
  const std::int64_t code = request.code;
  monitor.reactor.after_ms(agent->kind == AgentKind::kProcess ? kExitMomentMs : 0,
                           [&monitor, agent, code] { monitor.end_agent(agent, "exit", code); });
  return done();
}

}  // namespace agentos::kernel::syscalls
