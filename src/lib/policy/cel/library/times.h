// Timestamps and durations as text. Source: RFC 3339; durations as the CEL language definition writes them ("1h30m").
#pragma once

#include <string_view>

#include "lib/policy/cel/scratch.h"

namespace agentos::cel {

Value parse_timestamp(Scratch& scratch, std::string_view text);  // or an error value
Value parse_duration(Scratch& scratch, std::string_view text);
Value timestamp_text(Scratch& scratch, Value timestamp);  // 2009-02-13T23:31:30.5Z
Value duration_text(Scratch& scratch, Value duration);    // 5445.25s

}  // namespace agentos::cel
