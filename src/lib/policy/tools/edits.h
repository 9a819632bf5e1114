// Edits of a stated request: values on either side of what rules compare, derived from the rules' own clauses. Searches
// for witnesses and smallest changes try these and nothing else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/program.h"

namespace agentos::policy::tools {

struct ArgumentEdit {
  std::vector<std::string> path;     // of the member in the stated request: {"args", "amount"}
  std::optional<json::Value> value;  // nothing: the member is taken away
  bool operator==(const ArgumentEdit&) const = default;
};
using Edit = std::vector<ArgumentEdit>;

// Alternatives for one thing a rule looks at, those that its clause accepts first where that is known.
struct Dimension {
  enum class Who : std::uint8_t { kCaller, kTime, kOperator };  // who can make such a change
  Who who = Who::kCaller;
  std::string what;  // "args.amount", "path"
  std::vector<Edit> edits;
};

// `scope` is the rule's document's agents.
std::vector<Dimension> dimensions_of(const Rule& rule, const Agents& scope, const CompiledProgram& program);
void apply_edit(const Edit& edit, json::Object& stated);
// The member of a stated request, or null.
const json::Value* member_of(const json::Object& stated, const std::vector<std::string>& path);
std::string dotted(const std::vector<std::string>& path);

// Of a glob: texts it matches and texts it nearly matches.
std::vector<std::string> texts_near(const Glob& glob);
// Of an expression: edits of what its comparisons read. expression_edits.cc
std::vector<Dimension> dimensions_of(const Expression& expression);

}  // namespace agentos::policy::tools
