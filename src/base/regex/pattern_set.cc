// A set is one automaton. RE2 tries it when it compiles, so that running out of memory later is unlikely; should it
// happen, RE2::Set gives no answer, and neither do we.
#include "base/regex/pattern_set.h"

#include <re2/set.h>

#include <algorithm>

#include "base/regex/engine.h"
#include "base/regex/pattern.h"

namespace agentos::regex {

struct PatternSet::Compiled {
  explicit Compiled(const Options& options)
      : set(engine_options(options, std::min(options.set_octets_max, kSetProgramOctetsMax)), RE2::UNANCHORED) {}
  RE2::Set set;
  std::size_t size = 0;
};

PatternSet::PatternSet(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

Result<PatternSet> PatternSet::compile(std::span<const std::string_view> expressions, const Options& options) {
  if (expressions.size() > kSetExpressionsMax) {
    return fail(ErrorCode::kTooLarge,
                "a set of " + std::to_string(expressions.size()) + " regular expressions; it may have " +
                    std::to_string(kSetExpressionsMax),
                "split the set");
  }
  auto compiled = std::make_unique<Compiled>(options);
  for (const std::string_view expression : expressions) {
    // Compiled alone first: its own bound holds, and its complaint says where.
    if (auto alone = Pattern::compile(expression, options); !alone) {
      alone.error().message = "expression " + std::to_string(compiled->size) + ": " + alone.error().message;
      return std::unexpected(std::move(alone).error());
    }
    const int id = compiled->set.Add({expression.data(), expression.size()}, nullptr);
    CHECK(id == static_cast<int>(compiled->size));
    ++compiled->size;
  }
  if (compiled->size > 0 && !compiled->set.Compile()) {
    return fail(ErrorCode::kTooLarge, "the regular expressions of a set need too many states together",
                "split the set, or write fewer counted repetitions");
  }
  return PatternSet(std::move(compiled));
}

Status PatternSet::match(std::string_view text, std::vector<int>& ids) const {
  ids.clear();
  if (compiled_->size == 0) return {};
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (compiled_->set.Match({text.data(), text.size()}, &ids, &error)) {
    std::ranges::sort(ids);
    return {};
  }
  ids.clear();
  if (error.kind == RE2::Set::kNoError) return {};
  return fail(ErrorCode::kNoSpace, "the automaton of a set of regular expressions outgrew its bound on this text",
              "refuse the text, or split the set");
}

std::size_t PatternSet::size() const { return compiled_->size; }

}  // namespace agentos::regex
