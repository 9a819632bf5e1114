// CEL values as JSON, for explanations and transformed arguments.
#pragma once

#include "base/error.h"
#include "base/json/value.h"
#include "lib/policy/cel/scratch.h"
#include "lib/policy/cel/value.h"

namespace agentos::policy {

// kInvalidArgument for what JSON does not have (NaN, infinities, maps with other keys than texts, errors) and beyond a
// depth of 32. Octets become {"base64": ...}; durations and timestamps texts, "90s" and RFC 3339.
Result<json::Value> value_to_json(const cel::Value& value, cel::Scratch& scratch);

}  // namespace agentos::policy
