// One automaton for all regular expressions that rules match one argument with: a rule whose pattern does not match is
// set aside without evaluating its expression, so that a hundred patterns cost about what one does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/regex/pattern_set.h"
#include "lib/policy/rule.h"

namespace agentos::policy {

class RequestView;

class PatternIndex {
 public:
  PatternIndex() = default;
  // Sets pattern_field and pattern of the rules it takes in. `rules` are not moved afterwards.
  void build(std::vector<Rule>& rules);

  // False: the rule's expression cannot hold. True says nothing.
  bool may_hold(const Rule& rule, RequestView& view) const;

 private:
  struct ArgumentPatterns {
    std::string argument;
    regex::PatternSet set;
  };
  static constexpr std::size_t kFieldsMax = 16;  // arguments with an automaton of their own
  std::vector<ArgumentPatterns> fields_;
};

}  // namespace agentos::policy
