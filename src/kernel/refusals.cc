// Recorded refusals: equal ones in a row become one entry with a count, and an agent has a budget of entries a second,
// so that a flood of refusals can neither hide what matters nor fill the disk.
#include "kernel/monitor.h"
#include "lib/guard/cleaning.h"

namespace agentos::kernel {
namespace {

constexpr std::int64_t kWindowUs = 1'000'000;

struct Pending {
  std::uint64_t count = 0;
  bool write = false;
};

// Precondition: agent.mutex is held.
Pending count_refusal(RefusalState& state, std::string key, std::int64_t now_us) {
  if (now_us - state.window_start_us >= kWindowUs || now_us < state.window_start_us) {
    state.window_start_us = now_us;
    state.written_in_window = 0;
  }
  const bool same = state.key == key;
  if (state.written_in_window >= kRefusalsPerSecond || (same && state.written_in_window > 0)) {
    ++state.count;
    return {};
  }
  const std::uint64_t carried = state.count;
  state.key = std::move(key);
  state.count = 0;
  ++state.written_in_window;
  return {carried + 1, true};
}

}  // namespace

void Monitor::record_refusal(Agent* agent, std::string_view call, std::string_view tool, std::string_view step,
                             std::string_view rule, const Error& error, std::uint64_t epoch,
                             std::string_view arguments) {
  metrics.refused.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t now_us = clock.wall_us();
  Pending pending{1, true};
  if (agent != nullptr) {
    agent->denied.fetch_add(1, std::memory_order_relaxed);
    std::string key;
    (((key += call) += '|') += tool) += '|';
    ((((key += step) += '|') += std::to_string(static_cast<int>(error.code))) += '|') += rule;
    std::lock_guard lock(agent->mutex);
    pending = count_refusal(agent->refusals, std::move(key), now_us);
  }
  if (!pending.write) return;
  recorder::Refused entry;
  if (agent != nullptr) {
    entry.agent = agent->id;
    entry.run = agent->run;
  } else {
    entry.agent = "operator";
  }
  entry.call = call;
  entry.tool = tool;
  entry.step = step;
  entry.rule = rule;
  const std::string reason = guard::cleaned(error.message);  // it may quote the arguments
  entry.reason = reason;
  entry.code = static_cast<std::int32_t>(error.code);
  entry.policy_epoch = epoch;
  entry.count = pending.count;
  entry.time_us = now_us;
  guard::PreviewRoom room;
  entry.arguments.text = recorded_content(arguments, options.content, room);
  (void)recorder->append(entry);  // the call is refused either way; a failing log already refuses everything
}

void Monitor::record_refusal(CallContext& context, std::string_view step, const Error& error) {
  const std::string_view call =
      context.row != nullptr ? context.row->name : std::string_view(context.method).substr(0, 64);
  record_refusal(context.caller.agent.get(), call, context.facts.tool, step, context.decision.rule, error,
                 context.decision.epoch, context.arguments);
}

void Monitor::flush_refusals(Agent& agent) {
  std::uint64_t count = 0;
  std::string key;
  {
    std::lock_guard lock(agent.mutex);
    count = std::exchange(agent.refusals.count, 0);
    key = agent.refusals.key;
  }
  if (count == 0) return;
  recorder::Refused entry;
  entry.agent = agent.id;
  entry.run = agent.run;
  entry.step = "collapsed";
  const std::string reason = "further refusals, the last of the kind " + key;
  entry.reason = reason;
  entry.count = count;
  entry.time_us = clock.wall_us();
  (void)recorder->append(entry);
}

}  // namespace agentos::kernel
