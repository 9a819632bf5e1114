// A Python pattern as a finite automaton over code points, exact where RE2 is not: \b, \w, \d and \s outside ASCII, and
// $ before a final newline. All states advance together, so the time is texts times states; slower than RE2, seldom
// used.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/policy/original/character_sets.h"
#include "lib/policy/original/expression.h"

namespace agentos::policy::original {

inline constexpr std::size_t kAutomatonStatesMax = 20'000;
inline constexpr std::size_t kAutomatonStepsMax = 50'000'000;  // of one search

class Automaton {
 public:
  // kTooLarge when repetitions multiply beyond kAutomatonStatesMax.
  static Result<Automaton> compile(const Expression& expression);
  // Whether a match is anywhere in `text`, which is valid UTF-8; nullopt after kAutomatonStepsMax.
  std::optional<bool> search(std::string_view text) const;

 private:
  friend class AutomatonSearch;
  enum class Op : std::uint8_t { kSet, kPlace, kSplit, kJump, kMatch };
  struct State {
    Op op = Op::kMatch;
    std::uint32_t next = 0;
    std::uint32_t other = 0;  // kSplit: the second way; kSet: which test
    Place place = Place::kTextBegin;
  };
  Status add(const Expression& expression);
  Status add_set(const CharacterSet& set);
  Status add_alternatives(const Expression& expression);
  Status add_repetition(const Expression& expression);
  std::uint32_t here() const { return static_cast<std::uint32_t>(states_.size()); }
  Result<std::uint32_t> push(State state);

  std::vector<State> states_;
  std::vector<CharacterSet> sets_;
  std::vector<CharacterTest> tests_;
};

}  // namespace agentos::policy::original
