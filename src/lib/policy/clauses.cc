// Clauses one by one, without stopping at the first that fails.
#include "lib/policy/clauses.h"

#include <algorithm>

#include "lib/policy/limits.h"
#include "lib/policy/matching.h"

namespace agentos::policy {
namespace {

using Kind = Clause::Kind;

json::Value text_value(std::string_view text) {
  if (text.empty()) return nullptr;
  return json::to_valid_utf8(text);
}

json::Value actual_paths(const Request& request) {
  if (request.path_to.empty()) return text_value(request.path);
  return json::Array{text_value(request.path), text_value(request.path_to)};
}

json::Value actual_agent(const Principal& principal) {
  if (principal.name.empty() || principal.name == principal.agent) return text_value(principal.agent);
  return json::Array{text_value(principal.name), text_value(principal.agent)};
}

json::Value actual_argument(const Condition& condition, const Arguments* arguments) {
  if (arguments == nullptr) return nullptr;
  std::string_view text;
  if (arguments->text(condition.argument, text)) return json::to_valid_utf8(text);
  std::int64_t integer = 0;
  if (arguments->integer(condition.argument, integer)) return integer;
  if (arguments->present(condition.argument)) return "(of another type)";
  return nullptr;
}

Truth truth_of(bool held) { return held ? Truth::kTrue : Truth::kFalse; }

}  // namespace

json::Array patterns_of(const std::vector<Glob>& globs) {
  json::Array patterns;
  for (const Glob& glob : globs) patterns.push_back(glob.pattern());
  return patterns;
}

json::Array rings_of(const Rule& rule) {
  json::Array rings;
  for (int ring = 0; ring <= kRingMax; ++ring) {
    if ((rule.rings >> ring & 1) != 0) rings.push_back(ring);
  }
  return rings;
}

json::Value operand_of(const Condition& condition) {
  json::Array values;
  for (const std::string& text : condition.texts) values.push_back(text);
  for (std::int64_t integer : condition.integers) values.push_back(integer);
  if (condition.op == Condition::Operator::kIn) return values;
  return std::move(values.front());
}

json::Object arguments_of(const Rule& rule) {
  json::Object arguments;
  for (const Condition& condition : rule.conditions) {
    json::Value& comparisons = arguments[condition.argument];
    if (comparisons.is_null()) comparisons = json::Object{};
    comparisons.as_object()[operator_name(condition.op)] = operand_of(condition);
  }
  return arguments;
}

std::vector<Clause> clauses_of(const Rule& rule, const std::vector<Glob>& scope, const Request& request) {
  std::vector<Clause> clauses;
  auto add = [&](Kind kind, const char* name, json::Value pattern, json::Value actual, bool held) {
    clauses.push_back({kind, nullptr, name, std::move(pattern), std::move(actual), truth_of(held)});
  };
  json::Array calls;
  for (const std::string& call : rule.call_names) calls.push_back(call);
  add(Kind::kSyscalls, "syscalls", std::move(calls), text_value(request.call_name),
      rule.any_call || std::ranges::binary_search(rule.calls, request.call));
  const Principal& principal = request.principal;
  if (!scope.empty()) {
    add(Kind::kScope, "spec.agents", patterns_of(scope), actual_agent(principal), agents_match(scope, principal));
  }
  if (!rule.agents.empty()) {
    add(Kind::kAgents, "agents", patterns_of(rule.agents), actual_agent(principal),
        agents_match(rule.agents, principal));
  }
  if (rule.rings != 0x0f || !rings_match(rule, principal)) {
    add(Kind::kRings, "rings", rings_of(rule), principal.ring, rings_match(rule, principal));
  }
  if (!rule.tools.empty()) {
    add(Kind::kTools, "tools", patterns_of(rule.tools), text_value(request.tool),
        any_matches(rule.tools, request.tool));
  }
  if (!rule.paths.empty()) {
    add(Kind::kPaths, "paths", patterns_of(rule.paths), actual_paths(request), paths_match(rule, request));
  }
  if (!rule.targets.empty()) {
    json::Array patterns;
    for (const std::string& pattern : rule.targets.patterns) patterns.push_back(pattern);
    add(Kind::kTargets, "targets", std::move(patterns), text_value(request.target),
        targets_match(rule.targets, request));
  }
  for (const Condition& condition : rule.conditions) {
    json::Object pattern;
    pattern.append(std::string(operator_name(condition.op)), operand_of(condition));
    clauses.push_back({Kind::kArgument, &condition, "arguments." + condition.argument, std::move(pattern),
                       actual_argument(condition, request.arguments), holds(condition, request.arguments)});
  }
  return clauses;
}

json::Value to_json(const Clause& clause) {
  json::Object object{{"clause", clause.name},
                      {"pattern", clause.pattern},
                      {"actual", clause.actual},
                      {"matched", clause.truth == Truth::kTrue}};
  if (clause.truth == Truth::kError) object.append("error", "the argument has another type than the rule compares");
  return object;
}

}  // namespace agentos::policy
