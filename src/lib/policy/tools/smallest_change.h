// The smallest change that flips a verdict: of what the caller asks, of when, of who it is, an approval, or a grant.
// Every change that is told has been decided again.
#pragma once

#include "lib/policy/tools/set.h"

namespace agentos::policy::tools {

// {"kind": "arguments" | "time" | "agent" | "approval" | "grant", "changes": [{"what", "from", "to"}], "verdict",
// "rule"}, a grant with "document" instead of changes; null when none was found. A denied call is to be no longer
// denied, an allowed one to be no longer allowed.
json::Value smallest_change(const PolicySet& set, const json::Value& stated);

// The engine's explanation with "smallest_change".
Result<json::Value> explain(const PolicySet& set, const json::Value& stated);

}  // namespace agentos::policy::tools
