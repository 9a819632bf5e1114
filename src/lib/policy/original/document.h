// A PolicyDocument 1.0 as it is written, checked: what the reader makes and the compiler takes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/original/original.h"

namespace agentos::policy::original {

enum class Operator : std::uint8_t {
  kEqual,
  kNotEqual,
  kGreater,
  kLess,
  kGreaterOrEqual,
  kLessOrEqual,
  kIn,
  kNotIn,
  kMatches,
  kContains,
};

struct Rule {
  std::string name;
  std::string field;  // a key of the context, literally
  Operator comparison = Operator::kEqual;
  json::Value value;
  Action action = Action::kDeny;
  std::int64_t priority = 0;
  std::string message;
  yaml::Mark value_mark;  // line 0 when the document came without positions
};

struct Document {
  std::string version = "1.0";
  std::string name = "unnamed";
  std::string description;
  std::vector<Rule> rules;
  Action default_action = Action::kAllow;
};

// YAML or JSON text; `file` names it in messages.
Result<Document> read_document(std::string_view text, std::string_view file);
// A document that is a JSON value already.
Result<Document> read_document_value(const json::Value& value, std::string_view file);

// "file:line:column: what", or "file: what" without a position; kInvalidArgument.
std::unexpected<Error> refuse_at(std::string_view file, yaml::Mark mark, std::string_view what, std::string hint = {});

}  // namespace agentos::policy::original
