// Listing and testing, on the same functions as deciding.
#include "lib/policy/tools/rule_clauses.h"

#include <algorithm>

#include "lib/policy/clauses.h"
#include "lib/policy/matching.h"
#include "lib/policy/subject.h"

namespace agentos::policy::tools {
namespace {

Truth truth_of(bool held) { return held ? Truth::kTrue : Truth::kFalse; }

std::string joined(const auto& names) {
  json::Array list;
  for (const auto& name : names) list.push_back(name);
  return json::write(list);
}

}  // namespace

void each_rule(const CompiledProgram& program, const std::function<void(const Rule&, const Engine&)>& visit) {
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    for (const Engine* engine :
         {&program.enforcing(static_cast<Phase>(phase)), &program.observing(static_cast<Phase>(phase))}) {
      for (const Rule& rule : engine->rules()) {
        if (rule.mark.line != 0) visit(rule, *engine);
      }
    }
  }
}

RuleClauses::RuleClauses(const Rule& rule, const Engine& engine) : rule_(rule), engine_(engine) {
  add_agents();
  if (!rule.tools.empty()) add({Kind::kTools}, "tools", json::write(patterns_of(rule.tools)));
  if (!rule.paths.empty()) add({Kind::kPaths}, "paths", json::write(patterns_of(rule.paths)));
  if (!rule.targets.empty()) add({Kind::kTargets}, "targets", joined(rule.targets.patterns));
  add_past();
  for (const Condition& condition : rule.conditions) {
    add({Kind::kArgument, &condition}, "arguments." + condition.argument,
        json::write(json::Object{{std::string(operator_name(condition.op)), operand_of(condition)}}));
  }
  add_expression();
}

void RuleClauses::add(Test test, std::string name, std::string pattern) {
  tests_.push_back(std::move(test));
  clauses_.push_back({std::move(name), std::move(pattern)});
}

void RuleClauses::add_agents() {
  const Agents& scope = engine_.scope_of(rule_);
  if (!scope.everyone()) add({Kind::kScope}, "spec.agents", json::write(to_json(scope)));
  if (!rule_.agents.empty()) add({Kind::kAgents}, "agents", json::write(patterns_of(rule_.agents)));
  if (rule_.rings != 0x0f) add({Kind::kRings}, "rings", json::write(rings_of(rule_.rings)));
}

void RuleClauses::add_past() {
  const auto names = [](const std::vector<NamedWindow>& windows) {
    std::vector<std::string> list;
    for (const NamedWindow& one : windows) list.push_back(one.name);
    return joined(list);
  };
  if (!rule_.during.empty()) add({Kind::kDuring}, "during", names(rule_.during));
  if (!rule_.outside.empty()) add({Kind::kOutside}, "outside", names(rule_.outside));
  if (!rule_.after.empty()) add({Kind::kAfter}, "after", joined(rule_.after_names));
  if (!rule_.not_after.empty()) add({Kind::kNotAfter}, "not_after", joined(rule_.not_after_names));
  if (rule_.limit >= 0) add({Kind::kLimit}, "limit", "used up");
}

void RuleClauses::add_expression() {
  if (rule_.when == nullptr) return;
  std::vector<std::shared_ptr<const Expression>> parts = rule_.when->conjuncts();
  // One that cannot stand alone is tested as a whole.
  if (parts.empty()) parts.push_back(rule_.when);
  for (auto& part : parts) {
    std::string text = part->text();
    add({Kind::kExpression, nullptr, std::move(part)}, "when", std::move(text));
  }
}

bool RuleClauses::names_call(std::uint16_t call) const {
  return rule_.any_call || std::ranges::binary_search(rule_.calls, call);
}

Truth RuleClauses::test(std::size_t clause, RequestView& view) const {
  const Request& request = view.request();
  const auto open = [&](const NamedWindow& one) { return one.window->contains(request.time_us); };
  const auto happened = [&](std::uint32_t one) { return request.past != nullptr && request.past->happened(one); };
  const Test& test = tests_[clause];
  switch (test.kind) {
    case Kind::kScope:
      return agents_match(engine_.scope_of(rule_), view, kin_of(rule_));
    case Kind::kAgents:
      return truth_of(names_match(rule_.agents, request.principal, kin_of(rule_)));
    case Kind::kRings:
      return truth_of(rings_match(rule_.rings, request.principal));
    case Kind::kTools:
      return truth_of(any_matches(rule_.tools, request.tool));
    case Kind::kPaths:
      return truth_of(paths_match(rule_, request));
    case Kind::kTargets:
      return truth_of(targets_match(rule_.targets, request));
    case Kind::kDuring:
      return truth_of(std::ranges::any_of(rule_.during, open));
    case Kind::kOutside:
      return truth_of(std::ranges::none_of(rule_.outside, open));
    case Kind::kAfter:
      return truth_of(std::ranges::all_of(rule_.after, happened));
    case Kind::kNotAfter:
      return truth_of(std::ranges::none_of(rule_.not_after, happened));
    case Kind::kLimit:
      return truth_of(request.past != nullptr &&
                      !request.past->limit_allows(static_cast<std::uint32_t>(rule_.limit),
                                                  limit_subject(engine_.limit_of(rule_), request)));
    case Kind::kArgument:
      return holds(*test.condition, view);
    case Kind::kExpression:
      break;
  }
  return test.expression->holds(view);
}

std::size_t RuleClauses::unmet(const Request& request) const {
  RequestView view(request);
  std::size_t count = names_call(request.call) && request.phase == rule_.phase ? 0 : 1;
  for (std::size_t i = 0; i < tests_.size(); ++i) count += test(i, view) == Truth::kTrue ? 0 : 1;
  return count;
}

}  // namespace agentos::policy::tools
