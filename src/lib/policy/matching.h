// Whether a rule applies to a request, clause by clause. Pure, allocation-free, and the only place clauses are tested:
// deciding and explaining share it.
#pragma once

#include "lib/policy/document.h"

namespace agentos::policy {

bool any_matches(const std::vector<Glob>& globs, std::string_view text);
bool agents_match(const std::vector<Glob>& globs, const Principal& principal);  // by name or id; empty: everyone
bool rings_match(const Rule& rule, const Principal& principal);
bool targets_match(const Targets& targets, const Request& request);
// An allow rule needs every path the call names to match; a deny or ask rule needs one.
bool paths_match(const Rule& rule, const Request& request);
Truth holds(const Condition& condition, const Arguments* arguments);

struct Match {
  Truth truth = Truth::kFalse;
  const Condition* failed = nullptr;  // for kError
};
// All clauses but the call and the document's own scope, which `scope` gives. A false clause wins over an error.
Match match(const Rule& rule, const std::vector<Glob>& scope, const Request& request);

}  // namespace agentos::policy
