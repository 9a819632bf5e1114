// How what an MCP server offers differs from its pin, for a person who is to accept it: each item with what was said of
// it before and what is said now, member by member. Made printable; what is invisible in a terminal is shown as
// escapes.
#pragma once

#include <string>

#include "base/json/value.h"

namespace agentos::cli {

inline constexpr std::size_t kPinDiffValueBytesMax = 4096;  // of one value; the rest is counted

// `differences` as the call pins tells them.
std::string pin_diff(const json::Value& differences);

}  // namespace agentos::cli
