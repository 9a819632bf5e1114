// Instants as people write them, RFC 3339, and as the engine has them, microseconds since 1970 UTC.
#pragma once

#include <cstdint>
#include <string>

namespace agentos::policy::tools {

// "2026-11-28T20:00:00Z", also with a fraction or an offset; false when it is none.
bool read_instant(const std::string& text, std::int64_t& out_us);
// Of whole seconds, in UTC.
std::string instant_text(std::int64_t seconds);

}  // namespace agentos::policy::tools
