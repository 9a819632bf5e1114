// Durations, sizes and times as people type and read them; strict in, short out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::cli {

// "30s" "10m" "1h30m" "500ms" "2d"; a bare number is seconds. Milliseconds, more than 0 and at most 365 days.
Result<std::int64_t> parse_duration_ms(std::string_view text);
// "512M" "1G" "64KiB" "4096"; K, M, G, T are powers of 1024. Octets, more than 0.
Result<std::int64_t> parse_size_bytes(std::string_view text);

// "2026-11-28", "2026-11-28T20:00", with ":SS" and ".ffffff", then Z, an offset like +01:00, or nothing for local
// time; or a duration: that long before `now_us`. Microseconds UTC.
Result<std::int64_t> parse_time_us(std::string_view text, std::int64_t now_us);

std::string show_duration_us(std::int64_t us);       // "840us" "12.3ms" "4.2s" "3m05s" "2h10m" "4d03h"
std::string show_size_bytes(std::int64_t bytes);     // "512" "1.5K" "64M"
std::string show_time(std::int64_t wall_us);         // local, "2026-11-23 20:00:17"
std::string show_time_of_day(std::int64_t wall_us);  // local, "20:00:17.123"

}  // namespace agentos::cli
