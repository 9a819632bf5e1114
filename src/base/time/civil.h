// Civil date and time (proleptic Gregorian calendar, no leap seconds) from seconds and back.
//
// Pure, allocation-free, defined for every input: seconds beyond +-kCivilSecondsMax are clamped. It exists so that no
// caller uses the C library's calendar, which reads TZ and locks.
#pragma once

#include <cstdint>

namespace agentos {

inline constexpr std::int64_t kCivilSecondsMax = std::int64_t{1} << 55;  // about a thousand million years

struct CivilTime {
  std::int64_t year = 1970;
  int month = 1;        // 1..12
  int day = 1;          // 1..31
  int hour = 0;         // 0..23
  int minute = 0;       // 0..59
  int second = 0;       // 0..59
  int weekday = 4;      // 0 Sunday .. 6 Saturday; ignored when a CivilTime is read back
  int day_of_year = 0;  // 0 is January 1; ignored when a CivilTime is read back
  bool operator==(const CivilTime&) const = default;
};

// The calendar's reading of `seconds` since 1970-01-01 00:00:00 of that same calendar (local seconds in, local out).
CivilTime civil_of_seconds(std::int64_t seconds);

// Its inverse. Fields outside their range carry over (month 13 is January of the next year, day 0 the last of the month
// before), as long as month, hour, minute and second are within +-10^6 and the result is clamped as above.
std::int64_t seconds_of_civil(const CivilTime& civil);

// Days since 1970-01-01 of a date; month 1..12, day carries over.
std::int64_t days_of_date(std::int64_t year, int month, int day);

}  // namespace agentos
