// What requests have shown of a program: which rules applied and decided, and each clause seen true and seen false.
//
// A clause counts for requests of the rule's phase and calls only; spec.agents is one clause for all rules of its
// document. A clause that is met by everything cannot be seen false and stays uncovered.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "lib/policy/tools/rule_clauses.h"

namespace agentos::policy::tools {

class Coverage {
 public:
  struct Clause {
    std::string name;
    std::string pattern;
    bool seen_true = false;
    bool seen_false = false;
  };
  struct Rule {
    std::string id;
    std::string place;
    bool applied = false;
    bool decided = false;
    std::vector<Clause> clauses;
  };
  struct Total {
    std::size_t covered = 0;
    std::size_t all = 0;
    double percent() const {
      return all == 0 ? 100.0 : 100.0 * static_cast<double>(covered) / static_cast<double>(all);
    }
  };

  // The program must outlive it.
  explicit Coverage(const CompiledProgram& program);
  Coverage(const Coverage&) = delete;
  Coverage& operator=(const Coverage&) = delete;

  void add(const Request& request, const Decision& decision);
  const std::vector<Rule>& rules() const { return rules_; }
  Total rules_applied() const;
  Total clause_outcomes() const;  // two a clause
  Total all() const;              // both together

 private:
  Clause& slot(std::size_t rule, std::size_t clause);

  std::vector<Rule> rules_;
  std::deque<RuleClauses> clauses_;
  std::vector<std::size_t> scope_of_;  // by rule: the first rule of its document, whose first clause is spec.agents
};

json::Value to_json(const Coverage& coverage);

}  // namespace agentos::policy::tools
