// wait: a child's status, once; operators wait for any agent and take nothing away.
#include <algorithm>

#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

abi::WaitReply to_reply(const ExitRecord& record) {
  return {.agent = record.agent,
          .code = record.code,
          .signaled = record.signaled,
          .signal = record.signal,
          .cause = record.cause};
}

using Waiters = std::vector<std::pair<std::uint64_t, std::function<void()>>>;

void forget(Agent& agent, Waiters Agent::* list, std::uint64_t waiter) {
  std::lock_guard lock(agent.mutex);
  std::erase_if(agent.*list, [waiter](const auto& one) { return one.first == waiter; });
}

Acted wait_for_any(CallContext& context, const abi::WaitRequest& request, abi::WaitReply& reply) {
  Monitor& monitor = context.monitor;
  auto target = TRY(monitor.agents.find_one(request.agent));
  const std::optional<std::int64_t> timeout_ms = request.timeout_ms;
  {
    std::lock_guard lock(target->mutex);
    if (target->state == AgentState::kEnded) {
      reply = to_reply(target->exit);
      return done();
    }
  }
  if (timeout_ms == 0) return fail(abi::error::would_block, target->id + " has not ended");
  auto parked = context.park();  // the context may be gone from here on
  auto ready = [parked, target] {
    parked->finish([&](CallContext& alive) -> Status {
      std::lock_guard lock(target->mutex);
      *static_cast<abi::WaitReply*>(alive.reply) = to_reply(target->exit);
      return {};
    });
  };
  std::uint64_t waiter = 0;
  bool ended_meanwhile = false;
  {
    std::lock_guard lock(target->mutex);
    waiter = target->next_waiter++;
    ended_meanwhile = target->state == AgentState::kEnded;
    if (!ended_meanwhile) target->exit_waiters.emplace_back(waiter, ready);
  }
  monitor.set_deadline(parked, timeout_ms, "nothing ended in time",
                       [target, waiter] { forget(*target, &Agent::exit_waiters, waiter); });
  if (ended_meanwhile) ready();
  return later();
}

// Precondition: agent.mutex is held. Takes the first ended child that fits.
bool take_zombie(Agent& agent, const std::string& which, abi::WaitReply& reply) {
  const auto found = std::find_if(agent.zombies.begin(), agent.zombies.end(),
                                  [&](const ExitRecord& record) { return which.empty() || record.agent == which; });
  if (found == agent.zombies.end()) return false;
  reply = to_reply(*found);
  agent.zombies.erase(found);
  return true;
}

bool has_child(const Agent& agent, const std::string& which) {
  return which.empty() ? !agent.children.empty() : agent.children.contains(which);
}

}  // namespace

Acted wait_call(CallContext& context, const abi::WaitRequest& request, abi::WaitReply& reply) {
  if (context.caller.agent == nullptr) return wait_for_any(context, request, reply);
  std::shared_ptr<Agent> agent = context.caller.agent;
  {
    std::lock_guard lock(agent->mutex);
    if (take_zombie(*agent, request.agent, reply)) return done();
    if (!has_child(*agent, request.agent)) {
      return fail(abi::error::no_child, request.agent.empty()
                                            ? "the caller has no child left to wait for"
                                            : request.agent + " is not a child that can be waited for");
    }
    if (request.timeout_ms == 0) return fail(abi::error::would_block, "no child has ended yet");
    if (agent->child_waiters.size() >= static_cast<std::size_t>(Quota::kConcurrencyDefault)) {
      return fail(abi::error::busy, "too many waits are under way");
    }
  }
  Monitor& monitor = context.monitor;
  const std::optional<std::int64_t> timeout_ms = request.timeout_ms;
  const std::string which = request.agent;
  auto parked = context.park();  // the context may be gone from here on
  auto ready = [parked, agent, which] {
    const auto settled = parked->take_if([&] {
      std::lock_guard lock(agent->mutex);
      return take_zombie(*agent, which, *static_cast<abi::WaitReply*>(parked->context->reply));
    });
    if (settled == Parked::Settled::kTaken) parked->context->monitor.resume(*parked->context, {});
  };
  std::uint64_t waiter = 0;
  {
    std::lock_guard lock(agent->mutex);
    waiter = agent->next_waiter++;
    agent->child_waiters.emplace_back(waiter, ready);
  }
  monitor.set_deadline(parked, timeout_ms, "nothing ended in time",
                       [agent, waiter] { forget(*agent, &Agent::child_waiters, waiter); });
  ready();  // it may have ended between the look and the registration
  return later();
}

}  // namespace agentos::kernel::syscalls
