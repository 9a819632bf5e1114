// Recorded refusals: equal ones in a row become one entry with a count, and an agent has a budget of entries a second,
// so that a flood of refusals can neither hide what matters nor fill the disk.
#include <algorithm>

#include "kernel/monitor.h"
#include "lib/guard/cleaning.h"

namespace agentos::kernel {
namespace {

constexpr std::int64_t kWindowUs = 1'000'000;

struct Pending {
  std::uint64_t count = 0;
  bool write = false;
};

// Precondition: agent.mutex is held. A kind is written at once, then at most once a second with what came meanwhile.
Pending count_refusal(RefusalState::Class& state, const std::string& key, std::int64_t now_us) {
  if (now_us - state.window_start_us >= kWindowUs || now_us < state.window_start_us) {
    state.window_start_us = now_us;
    state.written_in_window = 0;
  }
  auto kind = std::ranges::find(state.kinds, key, &RefusalState::Kind::key);
  if (kind == state.kinds.end()) {
    if (state.kinds.size() < RefusalState::kKindsMax) state.kinds.push_back({});
    // Room is made by a kind with nothing left to write; without one the newest stands for this one, too.
    kind = state.kinds.back().key.empty()
               ? std::prev(state.kinds.end())
               : std::ranges::find(state.kinds, std::uint64_t{0}, &RefusalState::Kind::count);
    if (kind == state.kinds.end()) kind = std::prev(state.kinds.end());
    if (kind->count == 0) *kind = {.key = key};
  }
  const bool lately =
      kind->last_written_us != 0 && now_us - kind->last_written_us < kWindowUs && now_us >= kind->last_written_us;
  if (lately || kind->key != key || state.written_in_window >= kRefusalsPerSecond) {
    ++kind->count;
    return {};
  }
  ++state.written_in_window;
  kind->last_written_us = now_us;
  return {std::exchange(kind->count, 0) + 1, true};
}

}  // namespace

void Monitor::record_refusal(Agent* agent, std::string_view call, std::string_view tool, std::string_view tool_kind,
                             std::string_view step, std::string_view rule, const Error& error, std::uint64_t epoch,
                             std::string_view arguments) {
  metrics.refused.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t now_us = clock.wall_us();
  Pending pending{1, true};
  if (agent != nullptr) {
    agent->denied.fetch_add(1, std::memory_order_relaxed);
    std::string key;
    const bool malformed = step == "decode" || step == "state" || step == "quota" || step == "record";
    (((key += call) += '|') += tool_kind) += '|';
    ((((key += step) += '|') += std::to_string(static_cast<int>(error.code))) += '|') += rule;
    std::lock_guard lock(agent->mutex);
    pending = count_refusal(malformed ? agent->refusals.malformed : agent->refusals.understood, key, now_us);
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
  // A tool that is none is no kind of its own: an agent can think of any number.
  const std::string_view kind = context.facts.tool_entry != nullptr ? context.facts.tool : std::string_view();
  record_refusal(context.caller.agent.get(), call, context.facts.tool, kind, step, context.decision.rule, error,
                 context.decision.epoch, context.arguments);
}

void Monitor::flush_refusals(Agent& agent) {
  std::vector<RefusalState::Kind> left;
  {
    std::lock_guard lock(agent.mutex);
    for (auto* state : {&agent.refusals.understood, &agent.refusals.malformed}) {
      for (RefusalState::Kind& kind : state->kinds) {
        if (kind.count != 0) left.push_back(std::move(kind));
      }
      state->kinds.clear();
    }
  }
  for (const RefusalState::Kind& kind : left) {
    recorder::Refused entry;
    entry.agent = agent.id;
    entry.run = agent.run;
    entry.step = "collapsed";
    const std::string reason = "further refusals of the kind " + kind.key;
    entry.reason = reason;
    entry.count = kind.count;
    entry.time_us = clock.wall_us();
    (void)recorder->append(entry);
  }
}

}  // namespace agentos::kernel
