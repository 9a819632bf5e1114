// What an agent may see of the policy it is under: which of its calls are allowed and how far. Reasons, places, agents
// and rings stay with the operator, and so do the names of tools it is denied.
#include "lib/policy/clauses.h"
#include "lib/policy/expression.h"
#include "lib/policy/matching.h"
#include "lib/policy/program.h"

namespace agentos::policy {
namespace {

json::Value visible_rule(const Rule& rule) {
  json::Object object{{"name", rule.name}, {"action", verdict_name(rule.action)}};
  json::Array calls;
  for (const std::string& call : rule.call_names) calls.push_back(call);
  object.append("syscalls", std::move(calls));
  if (!rule.tools.empty()) {
    if (rule.action == Verdict::kDeny) {
      object.append("tools_withheld", true);
    } else {
      object.append("tools", patterns_of(rule.tools));
    }
  }
  if (!rule.paths.empty()) object.append("paths", patterns_of(rule.paths));
  if (!rule.targets.empty()) {
    json::Array targets;
    for (const std::string& pattern : rule.targets.patterns) targets.push_back(pattern);
    object.append("targets", std::move(targets));
  }
  if (!rule.conditions.empty()) object.append("arguments", arguments_of(rule));
  // What a deny rule looks at may name what the agent is not to know of.
  if (rule.when != nullptr && rule.action != Verdict::kDeny) object.append("when", rule.when->text());
  if (rule.limit >= 0) object.append("limit", true);
  if (rule.priority != 0) object.append("priority", static_cast<std::int64_t>(rule.priority));
  if (!rule.message.empty()) object.append("message", rule.message);
  return object;
}

}  // namespace

json::Value CompiledProgram::visible_to(const Principal& principal) const {
  json::Array policies;
  Request about;
  about.principal = principal;
  RequestView view(about);
  for (const Engine* engine : {&enforcing(Phase::kCall), &observing(Phase::kCall)}) {
    std::vector<json::Array> rules(engine->documents().size());
    for (const Rule& rule : engine->rules()) {
      if (agents_match(engine->scope_of(rule), view, kin_of(rule)) == Truth::kFalse ||
          !names_match(rule.agents, principal, kin_of(rule)) || !rings_match(rule.rings, principal)) {
        continue;
      }
      rules[rule.document].push_back(visible_rule(rule));
    }
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Document& document = engine->documents()[i];
      if (agents_match(document.agents, view, Kin::kAncestorsToo) == Truth::kFalse) continue;
      policies.push_back(
          json::Object{{"name", document.name}, {"mode", mode_name(document.mode)}, {"rules", std::move(rules[i])}});
    }
  }
  return json::Object{
      {"epoch", static_cast<std::int64_t>(epoch_)}, {"default", "deny"}, {"policies", std::move(policies)}};
}

}  // namespace agentos::policy
