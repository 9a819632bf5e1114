// Steps the automata of a run, and counts its calls by name.
#include "lib/policy/state/run_history.h"

#include <fmt/format.h>

#include <algorithm>

namespace agentos::policy {

const RunHistory::Automaton* RunHistory::find(std::uint64_t serial) const {
  const auto found = std::ranges::find(automata_, serial, &Automaton::serial);
  return found == automata_.end() ? nullptr : &*found;
}

RunHistory::Automaton* RunHistory::find(std::uint64_t serial) {
  return const_cast<Automaton*>(std::as_const(*this).find(serial));
}

void RunHistory::advance(const SequenceSpec& spec, std::uint64_t serial, const Match& match, std::int64_t now_us) {
  latest_us_ = std::max(latest_us_, now_us);
  Automaton* automaton = find(serial);
  if (automaton == nullptr) {
    if ((match.step_mask & 1) == 0) return;  // nothing to cancel, and nothing begins
    automaton = &automata_.emplace_back();
    automaton->serial = serial;
    automaton->began_us.fill(kNotYet);
  }
  if (match.until && spec.has_until) automaton->began_us.fill(kNotYet);
  // From the last step down, so that what this event adds to one step is not taken further by it.
  for (std::size_t step = spec.steps; step-- > 0;) {
    if ((match.step_mask >> step & 1) == 0) continue;
    const std::int64_t began_us = step == 0 ? latest_us_ : automaton->began_us[step - 1];
    automaton->began_us[step] = std::max(automaton->began_us[step], began_us);
  }
}

int RunHistory::position(const SequenceSpec& spec, std::uint64_t serial, std::int64_t now_us) const {
  const Automaton* automaton = find(serial);
  if (automaton == nullptr) return 0;
  const std::int64_t at_us = std::max(latest_us_, now_us);
  for (int steps = spec.steps; steps > 0; --steps) {
    const std::int64_t began_us = automaton->began_us[static_cast<std::size_t>(steps) - 1];
    if (began_us != kNotYet && (spec.within_us == 0 || at_us - began_us <= spec.within_us)) return steps;
  }
  return 0;
}

void RunHistory::keep_only(const std::vector<std::uint64_t>& serials) {
  std::erase_if(automata_,
                [&](const Automaton& automaton) { return !std::ranges::binary_search(serials, automaton.serial); });
}

Status RunHistory::count_allowed(std::string_view call, std::string_view tool) {
  if (call.empty() || call.size() > kSubjectBytesMax || tool.size() > kSubjectBytesMax)
    return fail(ErrorCode::kInvalidArgument, fmt::format("a counted name has 1 to {} octets", kSubjectBytesMax));
  const KnownText known_call(call);
  const KnownText known_tool(tool);
  const auto call_at = calls_.find(known_call);
  const auto tool_at = tools_.find(known_tool);
  const std::size_t others = (call_at == calls_.end() ? 1u : 0u) + (!tool.empty() && tool_at == tools_.end() ? 1u : 0u);
  if (calls_.size() + tools_.size() + others > kCountedNamesMax)
    return fail(ErrorCode::kNoSpace, fmt::format("a run uses more than {} names of calls and tools", kCountedNamesMax));
  ++(call_at == calls_.end() ? calls_.try_emplace(std::string(call)).first : call_at)->second;
  if (!tool.empty()) ++(tool_at == tools_.end() ? tools_.try_emplace(std::string(tool)).first : tool_at)->second;
  ++allowed_;
  return {};
}

std::int64_t RunHistory::count(Counted what, const KnownText& name) const {
  const TextMap<std::int64_t>& counts = what == Counted::kCall ? calls_ : tools_;
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

}  // namespace agentos::policy
