// How two globs relate: whether one matches all that another matches, and whether any text matches both.
//
// Decided on automata, exactly for canonical texts; beyond kGlobStatesMax steps the answer is the one that proves
// nothing: not covered, may meet.
#pragma once

#include <vector>

#include "lib/policy/glob.h"

namespace agentos::policy::tools {

bool covers(const Glob& wide, const Glob& narrow, Glob::Style style);
bool may_meet(const Glob& a, const Glob& b, Glob::Style style);
// Lists as clauses have them: an empty one matches everything.
bool covers(const std::vector<Glob>& wide, const std::vector<Glob>& narrow, Glob::Style style);
bool may_meet(const std::vector<Glob>& a, const std::vector<Glob>& b, Glob::Style style);

}  // namespace agentos::policy::tools
