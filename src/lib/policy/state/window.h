// A window of time: days of the week, minutes of the day in a zone, and two instants; contains(now) says whether now is
// inside.
//
// Immutable, thread-safe, allocation-free, nanoseconds. Minutes are what a clock on the wall shows: an hour that is
// shown twice is inside twice, one that is skipped is not.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/time/zone.h"

namespace agentos::policy {

inline constexpr std::uint8_t kEveryDay = 0x7F;
inline constexpr int kMinutesPerDay = 1440;

// All three parts must hold: the day, the minutes, the instants. Each default always holds.
struct WindowSpec {
  std::uint8_t days = kEveryDay;     // bit 0 Monday .. bit 6 Sunday: the days on which the window opens
  int from_minute = 0;               // 0..1439, inclusive
  int to_minute = 0;                 // 0..1440, exclusive. Equal to from: the whole day. Less: until that minute of the
                                     // day after, which belongs to the day the window opened
  Zone zone{};                       // of days and minutes
  std::int64_t from_us = INT64_MIN;  // inclusive; microseconds since 1970 UTC
  std::int64_t until_us = INT64_MAX;  // exclusive
};

class Window {
 public:
  Window() = default;  // contains every instant

  // invalid_argument: no day, a minute out of range, or instants that are not in order.
  static Result<Window> make(WindowSpec spec);

  bool contains(std::int64_t now_us) const;  // microseconds since 1970 UTC
  const WindowSpec& spec() const { return spec_; }

 private:
  explicit Window(WindowSpec spec) : spec_(std::move(spec)) {}
  WindowSpec spec_;
};

}  // namespace agentos::policy
