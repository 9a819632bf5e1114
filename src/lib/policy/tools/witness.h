// A request that a rule applies to, found by climbing: one clause after the other is made to hold by the edits that
// follow from the rule itself.
#pragma once

#include <optional>

#include "lib/policy/tools/edits.h"
#include "lib/policy/tools/rule_clauses.h"
#include "lib/policy/tools/set.h"

namespace agentos::policy::tools {

// A stated request that names nothing but a call of the rule's phase and calls (and a tool, for exec).
json::Object base_request(const Rule& rule, const Vocabulary& vocabulary, std::size_t which_call);
// How many calls base_request knows for the rule.
std::size_t calls_of(const Rule& rule, const Vocabulary& vocabulary);

// Nothing when no request was found within kSatisfyTriesMax tries; that is no proof that there is none.
std::optional<json::Object> satisfying_request(const RuleClauses& clauses, const std::vector<Dimension>& dimensions,
                                               const PolicySet& set, json::Object start);

}  // namespace agentos::policy::tools
