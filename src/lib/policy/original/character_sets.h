// Which characters a set of a Python pattern holds, and the same set in RE2's syntax.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/regex/pattern.h"
#include "lib/policy/original/expression.h"

namespace agentos::policy::original {

// \w, \d and \s of Python's str patterns, over all of Unicode.
bool is_word(std::uint32_t code_point);
bool is_digit(std::uint32_t code_point);
bool is_space(std::uint32_t code_point);

// An RE2 expression for one character of the set, right for ASCII texts, and for all texts when `set` has no classes
// and no any_case.
std::string to_re2(const CharacterSet& set);

// The set over all of Unicode.
class CharacterTest {
 public:
  static Result<CharacterTest> compile(const CharacterSet& set);
  bool holds(std::uint32_t code_point) const;

 private:
  explicit CharacterTest(CharacterSet set) : set_(std::move(set)) {}
  CharacterSet set_;
  std::optional<regex::Pattern> folded_;  // the ranges, when case does not count
};

}  // namespace agentos::policy::original
