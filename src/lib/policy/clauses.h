// The clauses of a rule as people see them: what was written, what the request had, whether it held, and a value that
// would hold. Built on the same tests as deciding; used by explanations and by what an agent may see.
#pragma once

#include <string>
#include <vector>

#include "base/json/value.h"
#include "lib/policy/document.h"

namespace agentos::policy {

struct Clause {
  enum class Kind {
    kSyscalls,
    kRings,
    kTools,
    kPaths,
    kAgents,
    kScope,
    kTargets,
    kDuring,
    kOutside,
    kAfter,
    kNotAfter,
    kLimit,
    kArgument,
    kExpression
  };
  Kind kind = Kind::kSyscalls;
  const Condition* condition = nullptr;  // kArgument
  std::string name;                      // "paths", "arguments.count", "spec.agents"
  json::Value pattern;
  json::Value actual;  // null: the request has none
  Truth truth = Truth::kFalse;
  std::string failure;  // kExpression: why it fails
};

// Every clause the rule has, held or not; `scope` is its document's agents.
std::vector<Clause> clauses_of(const Rule& rule, const Agents& scope, const Request& request);
json::Value to_json(const Clause& clause);

json::Array patterns_of(const std::vector<Glob>& globs);
json::Array rings_of(std::uint8_t rings);
json::Object to_json(const Agents& agents);
// {"name": {"operator": value}}
json::Object arguments_of(const Selector& selector);
json::Value operand_of(const Condition& condition);

}  // namespace agentos::policy
