// When a window is open: days, minutes, midnight, zones, the set of the clocks, instants.
#include "lib/policy/state/window.h"

#include <gtest/gtest.h>

namespace agentos::policy {
namespace {

constexpr std::uint8_t kMonday = 1;
constexpr std::uint8_t kFriday = 1 << 4;

std::int64_t utc_us(std::int64_t year, int month, int day, int hour, int minute) {
  return seconds_of_civil({year, month, day, hour, minute, 0}) * 1'000'000;
}

Window made(WindowSpec spec) {
  auto window = Window::make(std::move(spec));
  EXPECT_TRUE(window) << window.error().message;
  return *window;
}

TEST(Window, without_parts_is_always_open) {
  EXPECT_TRUE(Window().contains(INT64_MIN));
  EXPECT_TRUE(Window().contains(0));
  EXPECT_TRUE(made({}).contains(utc_us(2024, 1, 1, 0, 0)));
}

TEST(Window, start_is_inside_and_end_is_not) {
  const Window office = made({.days = kMonday, .from_minute = 9 * 60, .to_minute = 17 * 60});
  EXPECT_FALSE(office.contains(utc_us(2024, 1, 1, 9, 0) - 1));  // a Monday
  EXPECT_TRUE(office.contains(utc_us(2024, 1, 1, 9, 0)));
  EXPECT_TRUE(office.contains(utc_us(2024, 1, 1, 17, 0) - 1));
  EXPECT_FALSE(office.contains(utc_us(2024, 1, 1, 17, 0)));
  EXPECT_FALSE(office.contains(utc_us(2024, 1, 2, 12, 0)));
  EXPECT_FALSE(office.contains(utc_us(2023, 12, 31, 12, 0)));
}

TEST(Window, after_midnight_belongs_to_the_day_it_opened) {
  const Window night = made({.days = kFriday, .from_minute = 22 * 60, .to_minute = 6 * 60});
  EXPECT_TRUE(night.contains(utc_us(2024, 1, 5, 22, 0)));  // a Friday
  EXPECT_TRUE(night.contains(utc_us(2024, 1, 6, 5, 59)));
  EXPECT_FALSE(night.contains(utc_us(2024, 1, 6, 6, 0)));
  EXPECT_FALSE(night.contains(utc_us(2024, 1, 5, 5, 0)));
  EXPECT_FALSE(night.contains(utc_us(2024, 1, 6, 22, 0)));
  const Window sunday = made({.days = 1 << 6, .from_minute = 23 * 60, .to_minute = 60});
  EXPECT_TRUE(sunday.contains(utc_us(2024, 1, 8, 0, 30)));  // Monday morning
}

TEST(Window, equal_minutes_are_the_whole_day) {
  const Window monday = made({.days = kMonday, .from_minute = 480, .to_minute = 480});
  EXPECT_TRUE(monday.contains(utc_us(2024, 1, 1, 0, 0)));
  EXPECT_TRUE(monday.contains(utc_us(2024, 1, 2, 0, 0) - 1));
  EXPECT_FALSE(monday.contains(utc_us(2024, 1, 2, 0, 0)));
  const Window evening = made({.days = kMonday, .from_minute = 1200, .to_minute = 1440});
  EXPECT_TRUE(evening.contains(utc_us(2024, 1, 2, 0, 0) - 1));
  EXPECT_FALSE(evening.contains(utc_us(2024, 1, 2, 0, 0)));
}

TEST(Window, minutes_are_those_of_the_zone) {
  const Window window = made({.days = kMonday, .from_minute = 0, .to_minute = 60, .zone = *Zone::load("+05:30")});
  EXPECT_TRUE(window.contains(utc_us(2023, 12, 31, 18, 30)));
  EXPECT_FALSE(window.contains(utc_us(2024, 1, 1, 0, 0)));
}

TEST(Window, follows_the_clock_on_the_wall_when_it_is_set) {
  const auto berlin = Zone::load("Europe/Berlin");
  if (!berlin) GTEST_SKIP() << berlin.error().message;
  const Window window = made({.from_minute = 150, .to_minute = 180, .zone = *berlin});  // 02:30 to 03:00
  EXPECT_FALSE(window.contains(utc_us(2024, 3, 31, 1, 0) - 1));                         // 01:59:59, then 03:00
  EXPECT_FALSE(window.contains(utc_us(2024, 3, 31, 1, 0)));
  EXPECT_TRUE(window.contains(utc_us(2024, 10, 27, 0, 40)));
  EXPECT_FALSE(window.contains(utc_us(2024, 10, 27, 1, 10)));
  EXPECT_TRUE(window.contains(utc_us(2024, 10, 27, 1, 40)));
  EXPECT_TRUE(window.contains(utc_us(2024, 7, 1, 0, 45)));
  EXPECT_TRUE(window.contains(utc_us(2024, 1, 1, 1, 45)));
}

TEST(Window, instants_bound_it_too) {
  const Window window =
      made({.days = kMonday, .from_us = utc_us(2024, 1, 1, 10, 0), .until_us = utc_us(2024, 1, 9, 0, 0)});
  EXPECT_FALSE(window.contains(utc_us(2024, 1, 1, 10, 0) - 1));
  EXPECT_TRUE(window.contains(utc_us(2024, 1, 1, 10, 0)));
  EXPECT_FALSE(window.contains(utc_us(2024, 1, 3, 10, 0)));
  EXPECT_TRUE(window.contains(utc_us(2024, 1, 9, 0, 0) - 1));
  EXPECT_FALSE(window.contains(utc_us(2024, 1, 15, 0, 0)));
}

TEST(Window, agrees_with_the_calendar_at_every_minute_of_a_month) {
  const auto zone = Zone::load("-03:30");
  const Window window = made({.days = 0b0101101, .from_minute = 1300, .to_minute = 77, .zone = *zone});
  for (std::int64_t s = seconds_of_civil({1969, 12, 1}); s < seconds_of_civil({1970, 2, 1}); s += 60) {
    CivilTime local = zone->civil_at(s);
    const int minute = local.hour * 60 + local.minute;
    if (minute < 77) local = zone->civil_at(s - 86'400);
    const bool open = (minute < 77 || minute >= 1300) && (0b0101101 >> (local.weekday + 6) % 7 & 1) != 0;
    ASSERT_EQ(window.contains(s * 1'000'000), open) << s;
  }
}

TEST(Window, impossible_parts_are_refused) {
  EXPECT_FALSE(Window::make({.days = 0}));
  EXPECT_FALSE(Window::make({.days = 0x80}));
  EXPECT_FALSE(Window::make({.from_minute = -1}));
  EXPECT_FALSE(Window::make({.from_minute = 1440}));
  EXPECT_FALSE(Window::make({.to_minute = 1441}));
  EXPECT_FALSE(Window::make({.from_us = 5, .until_us = 5}));
  EXPECT_FALSE(made({.days = kMonday}).contains(INT64_MIN));  // far instants are answered, whatever the day
}

}  // namespace
}  // namespace agentos::policy
