// The smallest change to a denied request that an allow rule would accept, tried out before it is told: the changed
// request is decided again, so a suggestion says truthfully whether it flips the verdict.
#pragma once

#include <functional>

#include "base/json/value.h"
#include "lib/policy/engine.h"

namespace agentos::policy {

using Decide = std::function<Decision(const Request&)>;

// {"rule", "at", "action", "failed": [clause + "would_pass"], "flips": bool, "still": rule id when not}; null when no
// rule allows or asks for anything like it.
json::Value allow_with(const Engine& engine, const Request& request, const Decide& decide);

}  // namespace agentos::policy
