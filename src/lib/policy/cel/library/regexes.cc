// Regular expressions over base/regex. A pattern that is a literal is compiled with the program and does not come here.
//
// Source: the CEL language definition for matches().
#include <array>
#include <optional>
#include <string>

#include "base/regex/pattern.h"
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

constexpr std::size_t kRememberedPatterns = 16;  // by each thread

// The compiled pattern, or nullptr. Each thread remembers the last few that were made while evaluating.
const regex::Pattern* pattern_of(std::string_view expression) {
  struct Remembered {
    std::string expression;
    std::optional<regex::Pattern> pattern;
  };
  thread_local std::array<Remembered, kRememberedPatterns> remembered;
  thread_local std::size_t next = 0;
  for (const Remembered& each : remembered)
    if (each.pattern && each.expression == expression) return &*each.pattern;
  auto pattern = regex::Pattern::compile(expression);
  if (!pattern) return nullptr;
  Remembered& place = remembered[next++ % kRememberedPatterns];
  place.pattern.reset();
  place.expression = expression;
  place.pattern.emplace(std::move(*pattern));
  return &*place.pattern;
}

Value matches(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text(), expression = arguments[1].text();
  // Compiling costs far more than an operation.
  if (!context.scratch.take_steps(1000 + expression.size() * 10 + text.size() / 4)) return out_of_memory();
  const regex::Pattern* pattern = pattern_of(expression);
  if (pattern == nullptr) return fault(context.scratch, "invalid regular expression '{}'", expression.substr(0, 100));
  return Value::boolean(pattern->search(text));
}

}  // namespace

Rows regex_rows() {
  return {
      {"matches", "matches", CallStyle::kGlobal, "string,string", "bool", matches},
      {"matches_string", "matches", CallStyle::kMember, "string,string", "bool", matches},
  };
}

}  // namespace agentos::cel
