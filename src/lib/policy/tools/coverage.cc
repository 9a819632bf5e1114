// Counting.
#include "lib/policy/tools/coverage.h"

#include <algorithm>
#include <cmath>

namespace agentos::policy::tools {
namespace {

json::Value to_json(const Coverage::Total& total) {
  return json::Object{{"covered", static_cast<std::int64_t>(total.covered)},
                      {"of", static_cast<std::int64_t>(total.all)},
                      {"percent", std::round(total.percent() * 10) / 10}};
}

}  // namespace

Coverage::Coverage(const CompiledProgram& program) {
  each_rule(program, [&](const policy::Rule& rule, const Engine& engine) {
    const RuleClauses& clauses = clauses_.emplace_back(rule, engine);
    Rule covered{.id = rule.id, .place = rule.place, .clauses = {}};
    for (const RuleClauses::Clause& clause : clauses.list()) covered.clauses.push_back({clause.name, clause.pattern});
    rules_.push_back(std::move(covered));
  });
}

void Coverage::add(const Request& request, const Decision& decision) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const RuleClauses& clauses = clauses_[i];
    if (clauses.rule().phase != request.phase || !clauses.names_call(request.call)) continue;
    RequestView view(request);
    bool applied = true;
    for (std::size_t j = 0; j < rules_[i].clauses.size(); ++j) {
      const Truth truth = clauses.test(j, view);
      rules_[i].clauses[j].seen_true |= truth == Truth::kTrue;
      rules_[i].clauses[j].seen_false |= truth == Truth::kFalse;
      applied = applied && truth == Truth::kTrue;
    }
    rules_[i].applied |= applied;
    rules_[i].decided |= decision.rule == rules_[i].id;
  }
}

Coverage::Total Coverage::rules_applied() const {
  return {static_cast<std::size_t>(std::ranges::count_if(rules_, &Rule::applied)), rules_.size()};
}

Coverage::Total Coverage::clause_outcomes() const {
  Total total;
  for (const Rule& rule : rules_) {
    for (const Clause& clause : rule.clauses) {
      total.covered += (clause.seen_true ? 1u : 0u) + (clause.seen_false ? 1u : 0u);
      total.all += 2;
    }
  }
  return total;
}

Coverage::Total Coverage::all() const {
  const Total rules = rules_applied(), clauses = clause_outcomes();
  return {rules.covered + clauses.covered, rules.all + clauses.all};
}

json::Value to_json(const Coverage& coverage) {
  json::Array rules;
  for (const Coverage::Rule& rule : coverage.rules()) {
    json::Array clauses;
    for (const Coverage::Clause& clause : rule.clauses) {
      clauses.push_back(json::Object{{"clause", clause.name},
                                     {"pattern", clause.pattern},
                                     {"seen_true", clause.seen_true},
                                     {"seen_false", clause.seen_false}});
    }
    rules.push_back(json::Object{{"rule", rule.id},
                                 {"at", rule.place},
                                 {"applied", rule.applied},
                                 {"decided", rule.decided},
                                 {"clauses", std::move(clauses)}});
  }
  return json::Object{{"rules", to_json(coverage.rules_applied())},
                      {"clauses", to_json(coverage.clause_outcomes())},
                      {"all", to_json(coverage.all())},
                      {"by_rule", std::move(rules)}};
}

}  // namespace agentos::policy::tools
