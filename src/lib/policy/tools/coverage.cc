// Counting what each request shows, clause by clause.
#include "lib/policy/tools/coverage.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace agentos::policy::tools {
namespace {

constexpr std::string_view kScope = "spec.agents";

json::Value total_json(const Coverage::Total& total) {
  return json::Object{{"covered", static_cast<std::int64_t>(total.covered)},
                      {"of", static_cast<std::int64_t>(total.all)},
                      {"percent", std::round(total.percent() * 10) / 10}};
}

}  // namespace

Coverage::Coverage(const CompiledProgram& program) {
  std::map<std::string, std::size_t, std::less<>> first_of_document;
  each_rule(program, [&](const policy::Rule& rule, const Engine& engine) {
    const RuleClauses& clauses = clauses_.emplace_back(rule, engine);
    const std::string_view document = std::string_view(rule.id).substr(0, rule.id.size() - rule.name.size());
    const auto [first, fresh] = first_of_document.emplace(document, rules_.size());
    scope_of_.push_back(first->second);
    Rule covered{.id = rule.id, .place = rule.place, .clauses = {}};
    for (const RuleClauses::Clause& clause : clauses.list()) {
      if (fresh || clause.name != kScope) covered.clauses.push_back({clause.name, clause.pattern});
    }
    rules_.push_back(std::move(covered));
  });
}

// Where the outcome of a clause is kept.
Coverage::Clause& Coverage::slot(std::size_t rule, std::size_t clause) {
  const auto& list = clauses_[rule].list();
  const bool has_scope = !list.empty() && list.front().name == kScope;
  if (has_scope && clause == 0) return rules_[scope_of_[rule]].clauses.front();
  return rules_[rule].clauses[has_scope && scope_of_[rule] != rule ? clause - 1 : clause];
}

void Coverage::add(const Request& request, const Decision& decision) {
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const RuleClauses& clauses = clauses_[i];
    if (clauses.rule().phase != request.phase || !clauses.names_call(request.call)) continue;
    RequestView view(request);
    bool applied = true;
    for (std::size_t j = 0; j < clauses.list().size(); ++j) {
      const Truth truth = clauses.test(j, view);
      slot(i, j).seen_true |= truth == Truth::kTrue;
      slot(i, j).seen_false |= truth == Truth::kFalse;
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
  return json::Object{{"rules", total_json(coverage.rules_applied())},
                      {"clauses", total_json(coverage.clause_outcomes())},
                      {"all", total_json(coverage.all())},
                      {"by_rule", std::move(rules)}};
}

}  // namespace agentos::policy::tools
