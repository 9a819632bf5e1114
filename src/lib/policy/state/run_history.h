// The history of one run: how far each sequence is, and counts.
//
// A sequence's automaton keeps, for each number of steps, when the latest-begun choice of events that matched so many
// began (as if every choice were followed at once). Plain state, no lock.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "lib/policy/state/known_text.h"
#include "lib/policy/state/sequence.h"

namespace agentos::policy {

class RunHistory {
 public:
  // now_us: clamp_instant().
  void advance(const SequenceSpec& spec, std::uint64_t serial, const Match& match, std::int64_t now_us);
  int position(const SequenceSpec& spec, std::uint64_t serial, std::int64_t now_us) const;
  void keep_only(const std::vector<std::uint64_t>& serials);  // sorted

  Status count_allowed(std::string_view call, std::string_view tool);
  std::int64_t count(Counted what, const KnownText& name) const;
  std::int64_t allowed() const { return allowed_; }

 private:
  static constexpr std::int64_t kNotYet = -1;
  struct Automaton {
    std::uint64_t serial = 0;
    std::array<std::int64_t, kSequenceStepsMax> began_us{};  // [i]: of the first i + 1 steps; kNotYet
  };
  Automaton* find(std::uint64_t serial);
  const Automaton* find(std::uint64_t serial) const;

  std::vector<Automaton> automata_;  // of sequences that have begun at some time
  std::int64_t latest_us_ = 0;
  TextMap<std::int64_t> calls_;
  TextMap<std::int64_t> tools_;
  std::int64_t allowed_ = 0;
};

}  // namespace agentos::policy
