// Finds one value inside another: by RFC 6901 JSON Pointer ("/a/b/0") or by a simple path ("a.b[0]").
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::tool {

// A path that starts with '/' or is empty is a JSON Pointer; anything else is names joined by '.' and indexes in
// brackets. Null when nothing is there; kInvalidArgument with the octet (from 1) for a path that is none.
Result<const json::Value*> find_at(const json::Value& document, std::string_view path);

}  // namespace agentos::tool
