// The checks of lint.h, one .cc each, over what they share: the rules and where their clauses stand.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml/document.h"
#include "lib/policy/engine.h"
#include "lib/policy/matching.h"
#include "lib/policy/tools/lint.h"

namespace agentos::policy::tools {

struct LintRule {
  const Rule* rule;
  const Engine* engine;
  const Document* document;
  const yaml::Node* node;  // its mapping; null when its source is not one of the set
  std::string file;
};

class LintContext {
 public:
  LintContext(const PolicySet& set, std::vector<Finding>& out);
  const PolicySet& set() const { return set_; }
  const std::vector<LintRule>& rules() const { return rules_; }
  const std::vector<std::pair<std::string, yaml::Node>>& roots() const { return roots_; }

  // At the value of the rule's `key`, or at its entry `item`; at the rule when it has none.
  void add(Finding::Severity severity, std::string_view code, const LintRule& at, std::string_view key,
           std::string_view item, std::string message, std::string fix);
  void add_at(Finding::Severity severity, std::string_view code, const std::string& file, yaml::Mark mark,
              std::string message, std::string fix);

 private:
  const PolicySet& set_;
  std::vector<Finding>& out_;
  std::vector<std::pair<std::string, yaml::Node>> roots_;
  std::vector<LintRule> rules_;
};

// A comparison with an argument, apart from any request.
inline Truth holds_of(const Condition& condition, const Arguments& arguments) {
  Request request;
  request.arguments = &arguments;
  RequestView view(request);
  return holds(condition, view);
}

void lint_names(LintContext& context);       // unknown-tool, unknown-argument, unused
void lint_conditions(LintContext& context);  // never-matches, constant
void lint_order(LintContext& context);       // unreachable, shadowed, contradiction
void lint_spelling(LintContext& context);    // dodge, escape

// Whether `a` applies or fails whenever `b` applies. Only what is proven.
bool subsumes(const LintRule& a, const LintRule& b);
// Of clauses alone: whether `condition` holds whenever `other`, of the same argument, does.
bool implied(const Condition& condition, const Condition& other);

}  // namespace agentos::policy::tools
