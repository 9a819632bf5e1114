// How specific a rule is, for most_specific_wins: what it says of agents counts most, then tools, then paths, then the
// rest. A literal is more specific than a pattern, a longer folder than a shorter one.
#pragma once

#include <cstdint>

#include "lib/policy/rule.h"

namespace agentos::policy {

std::int64_t specificity(const Selector& selector);

}  // namespace agentos::policy
