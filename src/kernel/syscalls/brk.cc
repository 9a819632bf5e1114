// brk: the end of the context budget, in tokens, within the agent's and its parents' bounds.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted brk_call(CallContext& context, const abi::BrkRequest& request, abi::BrkReply& reply) {
  Agent& agent = context.agent();
  std::lock_guard lock(agent.mutex);
  if (request.tokens) {
    const std::int64_t change = *request.tokens - agent.context_tokens;
    if (change > 0) TRY(agent.quota->take(Quota::kTokens, change));
    if (change < 0) agent.quota->give(Quota::kTokens, -change);
    agent.context_tokens = *request.tokens;
  }
  reply.tokens = agent.context_tokens;
  const std::int64_t left = agent.quota->available(Quota::kTokens);
  constexpr std::int64_t kMost = 9'007'199'254'740'991;
  reply.tokens_max = left > kMost - agent.context_tokens ? kMost : agent.context_tokens + left;
  return done();
}

}  // namespace agentos::kernel::syscalls
