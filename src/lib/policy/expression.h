// A CEL expression of a rule, compiled against what a request of that rule's phase, calls and tools has.
//
// Evaluating is pure, bounded by kExpressionStepsMax, and allocates nothing once its thread's scratch is warm. Whatever
// goes wrong is Truth::kError with the sentence in Evaluation::failure.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/rule.h"

namespace agentos::policy {

class RequestView;  // request_view.h

// `attribute == literal` or `attribute in [literals]` that has to hold for the whole expression to hold: what the index
// hangs rules on. `attribute` is "args.NAME", "tool.name", ...
struct Equality {
  std::string attribute;
  std::vector<std::string> texts;
  std::vector<std::int64_t> integers;
  bool may_be_absent = true;  // and then the expression fails, so the rule has to be looked at
};

// `args.argument.matches("pattern")` that has to hold for the whole expression to hold.
struct ArgumentPattern {
  std::string argument;
  std::string pattern;
};

// One of the expressions that && joins, for explanations.
struct Part {
  std::string text;
  Truth truth = Truth::kFalse;
  std::string failure;                                      // for kError
  std::vector<std::pair<std::string, json::Value>> actual;  // the attributes it read, by path
};

class Expression {
 public:
  virtual ~Expression() = default;
  virtual Truth holds(RequestView& view) const = 0;
  // Of any type; for transforms. kInvalidArgument when it fails or has no JSON form.
  virtual Result<json::Value> value(RequestView& view) const = 0;
  virtual const std::string& text() const = 0;  // as formatted, on one line
  virtual std::span<const Equality> equalities() const = 0;
  virtual std::span<const ArgumentPattern> patterns() const = 0;
  virtual std::vector<std::string> reads() const = 0;  // attribute paths it may read
  virtual std::vector<Part> parts(RequestView& view) const = 0;
  // The expressions that && joins, each on its own, without those that cannot be. Compiles them: keep what it gives.
  virtual std::vector<std::shared_ptr<const Expression>> conjuncts() const = 0;
  // Values on either side of what it compares arguments with: args.NAME and a literal, the literal changed a little.
  virtual std::vector<std::pair<std::string, json::Value>> candidates() const = 0;
};

// What an expression has to be.
enum class Wanted : std::uint8_t { kCondition, kAnyValue };

// What is wrong with an expression, where in its text (from 1:1).
struct ExpressionIssue {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string message;
  std::string hint;
};

struct Attributes;  // attributes.h

// `tables` must be the object the attributes were made for.
std::expected<std::shared_ptr<const Expression>, std::vector<ExpressionIssue>> compile_expression(
    std::string_view text, Attributes attributes, std::shared_ptr<const json::Value> tables, Wanted wanted);

}  // namespace agentos::policy
