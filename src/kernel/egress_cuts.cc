// What goes on at the proxy when a policy is loaded: each connection and request under way is decided anew, some at a
// time, so that none of them holds up the others.
#include <algorithm>

#include "kernel/egress.h"
#include "kernel/monitor.h"

namespace agentos::kernel {

void Egress::judge_again() {
  auto calls = std::make_shared<std::vector<UnderWay>>();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, ask] : asks_) {
      if (ask.carried_out) calls->push_back({ask.context, ask.parked, ask.arguments});
    }
  }
  judge(calls, 0);
}

// Some a turn: others wait for the reactor, too.
void Egress::judge(const std::shared_ptr<std::vector<UnderWay>>& calls, std::size_t from) {
  constexpr std::size_t kPerTurn = 64;
  monitor_.reactor.post([this, calls, from] {
    const std::size_t end = std::min(from + kPerTurn, calls->size());
    for (std::size_t i = from; i < end; ++i) {
      const UnderWay& call = (*calls)[i];
      const auto arguments = json::parse(call.arguments);
      if (arguments && monitor_.may_go_on(call.context->caller.agent, *call.context->row, *arguments)) continue;
      call.parked->cancel({abi::error::denied, "the policy that was loaded meanwhile does not allow it", {}});
    }
    if (end < calls->size()) judge(calls, end);
  });
}

}  // namespace agentos::kernel
