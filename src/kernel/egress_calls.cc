// Calls of the proxy that do not end where they began: approved by name and then looked up, and decided once more when
// another policy is loaded.
#include <algorithm>

#include "kernel/egress.h"
#include "kernel/monitor.h"

namespace agentos::kernel {

void Egress::look_up(CallContext& context) {
  const std::uint64_t number = context.token;
  auto parked = context.park();
  bool current = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = asks_.find(number);
    current = found != asks_.end() && number >> kGenerationShift == generation_;
    if (current) {
      found->second.parked = parked;
      found->second.looked_up = true;
      found->second.wanted = *static_cast<const abi::ConnectRequest*>(context.request);
    }
  }
  if (current) return put({.verb = egress::Verb::kResolve, .id = number & kNumberMask});
  monitor_.reactor.post([parked] {
    parked->finish([](CallContext&) -> Status { return fail(abi::error::io, "the egress proxy ended"); });
  });
}

// The same connection as was approved, with what its name resolved to: the call that waits goes on as this ask.
bool Egress::go_on_with_addresses(const std::shared_ptr<Agent>& agent, std::uint64_t number,
                                  egress::ControlMessage& message) {
  abi::ConnectRequest request;
  const abi::Row& row = abi::row_of(abi::Call::kConnect);
  if (message.call != row.name || !row.request.decode(message.params, &request)) return false;
  std::shared_ptr<CallContext> context;
  {
    const std::lock_guard lock(mutex_);
    const auto found = asks_.find(std::uint64_t{generation_} << kGenerationShift | (message.about & kNumberMask));
    if (found == asks_.end() || !found->second.looked_up || found->second.context->caller.agent != agent) return false;
    const abi::ConnectRequest& wanted = found->second.wanted;
    if (wanted.host != request.host || wanted.port != request.port || wanted.process != request.process) return false;
    if (request.addresses.empty() || !found->second.parked->claim()) return false;
    context = found->second.context;
    Ask ask{.context = context, .place = std::move(found->second.place)};
    asks_.erase(found);
    asks_[number] = std::move(ask);
  }
  context->token = number;
  context->done = [this, number](CallContext& finished) { answered(number, finished); };
  monitor_.reactor.post([this, context, params = std::move(message.params)] { monitor_.go_on_with(*context, params); });
  return true;
}

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
