// Built per argument from the conjuncts args.NAME.matches("...") of the rules.
#include "lib/policy/pattern_index.h"

#include <algorithm>
#include <map>

#include "lib/policy/expression.h"
#include "lib/policy/expression_state.h"
#include "lib/policy/request_view.h"

namespace agentos::policy {

void PatternIndex::build(std::vector<Rule>& rules) {
  std::map<std::string, std::vector<std::pair<Rule*, std::string>>> by_argument;
  for (Rule& rule : rules) {
    if (rule.when == nullptr || rule.when->patterns().empty()) continue;
    const ArgumentPattern& first = rule.when->patterns().front();
    by_argument[first.argument].emplace_back(&rule, first.pattern);
  }
  for (auto& [argument, uses] : by_argument) {
    if (uses.size() < 2 || fields_.size() == kFieldsMax) continue;
    std::vector<std::string_view> expressions;
    for (const auto& [rule, pattern] : uses) expressions.push_back(pattern);
    auto set = regex::PatternSet::compile(expressions);
    if (!set) continue;  // beyond the bounds of a set: each rule matches on its own
    for (std::size_t i = 0; i < uses.size(); ++i) {
      uses[i].first->pattern_field = static_cast<std::int32_t>(fields_.size());
      uses[i].first->pattern = static_cast<std::int32_t>(i);
    }
    fields_.push_back({argument, std::move(*set)});
  }
}

bool PatternIndex::may_hold(const Rule& rule, RequestView& view) const {
  if (rule.pattern_field < 0) return true;
  const Arguments* arguments = view.request().arguments;
  const auto field = static_cast<std::size_t>(rule.pattern_field);
  PatternMatches& matches = view.state().patterns(this, field);
  if (matches.known == PatternMatches::Known::kNo) {
    std::string_view text;
    const bool is_text = arguments != nullptr && arguments->text(fields_[field].argument, text);
    matches.known = is_text && fields_[field].set.match(text, matches.ids) ? PatternMatches::Known::kYes
                                                                           : PatternMatches::Known::kNever;
  }
  return matches.known != PatternMatches::Known::kYes || std::ranges::binary_search(matches.ids, rule.pattern);
}

}  // namespace agentos::policy
