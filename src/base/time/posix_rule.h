// The rule at the end of a TZif file ("CET-1CEST,M3.5.0,M10.5.0/3"): when the clocks are set in any year.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace agentos {

// A day of the year and a time of it at which the clocks are set.
struct PosixDate {
  enum class Kind : std::uint8_t {
    kJulian,     // day 1..365; February 29 is never counted
    kDayOfYear,  // day 0..365; February 29 is counted
    kWeekday,    // the week'th weekday of a month; week 5 is the last
  };
  Kind kind = Kind::kWeekday;
  int month = 1;
  int week = 1;
  int day = 0;
  std::int32_t time_s = 2 * 3600;  // within +-167 hours of that day's midnight
};

struct PosixRule {
  struct Change {
    std::int64_t at_s = 0;  // UTC
    std::int32_t offset_s = 0;
  };
  std::int32_t standard_s = 0;  // offsets, east of UTC positive
  std::int32_t daylight_s = 0;
  bool has_daylight = false;
  PosixDate to_daylight;
  PosixDate to_standard;

  // Both changes of a year, to daylight saving first, which is not always the earlier one. Only with has_daylight.
  std::array<Change, 2> changes_of(std::int64_t year) const;
};

// Nothing when `text` is not such a rule; daylight saving without dates is not one.
std::optional<PosixRule> parse_posix_rule(std::string_view text);

}  // namespace agentos
