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

Error timed_out() { return {abi::error::timed_out, "nothing ended in time", {}}; }

Acted wait_for_any(CallContext& context, const abi::WaitRequest& request, abi::WaitReply& reply) {
  Monitor& monitor = context.monitor;
  auto target = TRY(monitor.agents.find_one(request.agent));
  std::unique_lock lock(target->mutex);
  if (target->state == AgentState::kEnded) {
    reply = to_reply(target->exit);
    return done();
  }
  if (request.timeout_ms == 0) return fail(abi::error::would_block, target->id + " has not ended");
  lock.unlock();
  auto parked = context.park();
  lock.lock();
  auto ready = [parked, target] {
    parked->finish([&](CallContext& alive) -> Status {
      std::lock_guard held(target->mutex);
      *static_cast<abi::WaitReply*>(alive.reply) = to_reply(target->exit);
      return {};
    });
  };
  const bool ended_meanwhile = target->state == AgentState::kEnded;
  if (!ended_meanwhile) target->exit_waiters.push_back(ready);
  lock.unlock();
  if (request.timeout_ms) {
    monitor.reactor.after_ms(*request.timeout_ms, [parked] {
      parked->finish([](CallContext&) -> Status { return std::unexpected(timed_out()); });
    });
  }
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
  auto parked = context.park();
  std::uint64_t waiter = 0;
  const auto forget = [agent](std::uint64_t id) {
    std::lock_guard lock(agent->mutex);
    std::erase_if(agent->child_waiters, [id](const auto& one) { return one.first == id; });
  };
  {
    std::lock_guard lock(agent->mutex);
    waiter = agent->next_waiter++;
  }
  auto ready = [parked, agent, waiter, forget, which = request.agent] {
    abi::WaitReply taken;
    {
      std::lock_guard lock(agent->mutex);
      if (parked->finished.load() || !take_zombie(*agent, which, taken)) return;
    }
    forget(waiter);
    parked->finish([&](CallContext& alive) -> Status {
      *static_cast<abi::WaitReply*>(alive.reply) = std::move(taken);
      return {};
    });
  };
  {
    std::lock_guard lock(agent->mutex);
    agent->child_waiters.emplace_back(waiter, ready);
  }
  if (request.timeout_ms) {
    context.monitor.reactor.after_ms(*request.timeout_ms, [parked, forget, waiter] {
      forget(waiter);
      parked->finish([](CallContext&) -> Status { return std::unexpected(timed_out()); });
    });
  }
  ready();  // it may have ended between the look and the registration
  return later();
}

}  // namespace agentos::kernel::syscalls
