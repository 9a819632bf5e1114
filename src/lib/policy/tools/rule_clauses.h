// The clauses of one rule, each testable on its own and quickly: what coverage counts and what searches climb by.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/policy/expression.h"
#include "lib/policy/program.h"
#include "lib/policy/request_view.h"

namespace agentos::policy::tools {

// Every rule and limit of a program's documents; rules a frozen document is made of are no rules of its text.
void each_rule(const CompiledProgram& program, const std::function<void(const Rule&, const Engine&)>& visit);

class RuleClauses {
 public:
  struct Clause {
    std::string name;     // "paths", "arguments.amount", "when"
    std::string pattern;  // as written
  };
  // The rule and its engine must outlive it.
  RuleClauses(const Rule& rule, const Engine& engine);

  const Rule& rule() const { return rule_; }
  const std::vector<Clause>& list() const { return clauses_; }  // without phase and call
  bool names_call(std::uint16_t call) const;
  Truth test(std::size_t clause, RequestView& view) const;
  // How many do not hold, the call and phase counted as one.
  std::size_t unmet(const Request& request) const;

 private:
  enum class Kind : std::uint8_t {
    kScope,
    kAgents,
    kRings,
    kTools,
    kPaths,
    kTargets,
    kDuring,
    kOutside,
    kAfter,
    kNotAfter,
    kLimit,
    kArgument,
    kExpression
  };
  struct Test {
    Kind kind;
    const Condition* condition = nullptr;
    std::shared_ptr<const Expression> expression = nullptr;
  };
  void add(Test test, std::string name, std::string pattern);
  void add_agents();
  void add_past();
  void add_expression();

  const Rule& rule_;
  const Engine& engine_;
  std::vector<Clause> clauses_;
  std::vector<Test> tests_;
};

}  // namespace agentos::policy::tools
