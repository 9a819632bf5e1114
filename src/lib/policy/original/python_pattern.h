// re.search of Python 3.11 on str, in linear time: RE2 where it means the same, an automaton of ours where it does not.
#pragma once

#include <optional>
#include <string_view>

#include "base/regex/pattern.h"
#include "lib/policy/original/automaton.h"

namespace agentos::policy::original {

// Move-only; searching is thread-safe.
class PythonPattern {
 public:
  // Errors as read_expression; kTooLarge when a program outgrows its bound.
  static Result<PythonPattern> compile(std::string_view pattern);
  // Precondition: `text` is valid UTF-8. nullopt when the automaton outgrew its bound of steps.
  std::optional<bool> search(std::string_view text) const;

 private:
  PythonPattern(regex::Pattern fast, std::optional<Automaton> exact)
      : fast_(std::move(fast)), exact_(std::move(exact)) {}
  regex::Pattern fast_;
  std::optional<Automaton> exact_;  // when there are texts that fast_ does not answer
  bool differs_outside_ascii_ = false;
  bool differs_with_newlines_ = false;
  bool differs_when_empty_ = false;
};

}  // namespace agentos::policy::original
