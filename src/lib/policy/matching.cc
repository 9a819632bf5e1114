// The clause tests, cheapest first.
#include "lib/policy/matching.h"

#include <algorithm>

namespace agentos::policy {

bool any_matches(const std::vector<Glob>& globs, std::string_view text) {
  for (const Glob& glob : globs) {
    if (glob.matches(text)) return true;
  }
  return false;
}

bool agents_match(const std::vector<Glob>& globs, const Principal& principal) {
  return globs.empty() || any_matches(globs, principal.name) || any_matches(globs, principal.agent);
}

bool rings_match(const Rule& rule, const Principal& principal) {
  return principal.ring >= 0 && principal.ring < 8 && (rule.rings >> principal.ring & 1) != 0;
}

bool targets_match(const Targets& targets, const Request& request) {
  if (request.target.empty()) return targets.nobody;
  const std::string_view self = request.principal.agent;
  if (targets.self && request.target == self) return true;
  if (targets.children && !self.empty() && request.target_parent == self) return true;
  if (targets.parent && request.target == request.principal.parent) return true;
  return any_matches(targets.globs, request.target);
}

bool paths_match(const Rule& rule, const Request& request) {
  const bool first = any_matches(rule.paths, request.path);
  if (request.path_to.empty()) return first;
  const bool second = any_matches(rule.paths, request.path_to);
  return rule.action == Verdict::kAllow ? first && second : first || second;
}

namespace {

bool compare_text(const Condition& condition, std::string_view value) {
  if (condition.op == Condition::Operator::kPrefix) return value.starts_with(condition.texts.front());
  return std::ranges::binary_search(condition.texts, value, std::less<std::string_view>());
}

bool compare_integer(const Condition& condition, std::int64_t value) {
  switch (condition.op) {
    case Condition::Operator::kLessThan:
      return value < condition.integers.front();
    case Condition::Operator::kGreaterThan:
      return value > condition.integers.front();
    case Condition::Operator::kAtMost:
      return value <= condition.integers.front();
    case Condition::Operator::kAtLeast:
      return value >= condition.integers.front();
    default:
      return std::ranges::binary_search(condition.integers, value);
  }
}

}  // namespace

Truth holds(const Condition& condition, const Arguments* arguments) {
  if (arguments == nullptr) return Truth::kFalse;
  bool result = false;
  if (condition.type == Condition::Type::kText) {
    std::string_view value;
    if (!arguments->text(condition.argument, value)) {
      return arguments->present(condition.argument) ? Truth::kError : Truth::kFalse;
    }
    result = compare_text(condition, value);
  } else {
    std::int64_t value = 0;
    if (!arguments->integer(condition.argument, value)) {
      return arguments->present(condition.argument) ? Truth::kError : Truth::kFalse;
    }
    result = compare_integer(condition, value);
  }
  return result ? Truth::kTrue : Truth::kFalse;
}

Match match(const Rule& rule, const std::vector<Glob>& scope, const Request& request) {
  if (!rings_match(rule, request.principal)) return {};
  if (!rule.tools.empty() && !any_matches(rule.tools, request.tool)) return {};
  if (!rule.paths.empty() && !paths_match(rule, request)) return {};
  if (!rule.agents.empty() && !agents_match(rule.agents, request.principal)) return {};
  if (!scope.empty() && !agents_match(scope, request.principal)) return {};
  if (!rule.targets.empty() && !targets_match(rule.targets, request)) return {};
  Match result{Truth::kTrue, nullptr};
  for (const Condition& condition : rule.conditions) {
    Truth truth = holds(condition, request.arguments);
    if (truth == Truth::kFalse) return {};
    if (truth == Truth::kError && result.failed == nullptr) result = {Truth::kError, &condition};
  }
  return result;
}

}  // namespace agentos::policy
