// The calendar agrees with a naive walk over its days, and inverts itself.
#include "base/time/civil.h"

#include <gtest/gtest.h>

#include <random>

namespace agentos {
namespace {

CivilTime date_of(std::int64_t days) { return civil_of_seconds(days * 86'400); }

TEST(Civil, days_follow_each_other_for_eight_hundred_years) {
  constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  CivilTime expected{.year = 1600, .month = 1, .day = 1, .weekday = 6, .day_of_year = 0};
  for (std::int64_t days = days_of_date(1600, 1, 1); days < days_of_date(2400, 1, 1); ++days) {
    ASSERT_EQ(date_of(days), expected) << days;
    ASSERT_EQ(days_of_date(expected.year, expected.month, expected.day), days);
    const bool leap = expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0);
    expected.weekday = (expected.weekday + 1) % 7;
    ++expected.day_of_year;
    if (++expected.day > kLengths[expected.month - 1] + (expected.month == 2 && leap ? 1 : 0)) {
      expected.day = 1;
      if (++expected.month > 12) {
        expected.month = 1;
        expected.day_of_year = 0;
        ++expected.year;
      }
    }
  }
}

TEST(Civil, seconds_before_1970_count_backwards) {
  EXPECT_EQ(civil_of_seconds(-1), (CivilTime{1969, 12, 31, 23, 59, 59, 3, 364}));
  EXPECT_EQ(civil_of_seconds(0), CivilTime{});
  EXPECT_EQ(civil_of_seconds(1'234'567'890), (CivilTime{2009, 2, 13, 23, 31, 30, 5, 43}));
  EXPECT_EQ(seconds_of_civil({.year = 1, .month = 1, .day = 1}), -62'135'596'800);
  EXPECT_EQ(seconds_of_civil({9999, 12, 31, 23, 59, 59}), 253'402'300'799);
}

TEST(Civil, fields_outside_their_range_carry_over) {
  EXPECT_EQ(seconds_of_civil({.year = 2024, .month = 13, .day = 1}), seconds_of_civil({.year = 2025, .month = 1}));
  EXPECT_EQ(seconds_of_civil({.year = 2024, .month = 3, .day = 0}),
            seconds_of_civil({.year = 2024, .month = 2, .day = 29}));
  EXPECT_EQ(seconds_of_civil({.year = 2024, .month = 0, .day = 1}),
            seconds_of_civil({.year = 2023, .month = 12, .day = 1}));
  EXPECT_EQ(seconds_of_civil({.hour = 24, .minute = -1, .second = 61}), 86'400 - 60 + 61);
}

TEST(Civil, far_instants_are_clamped_and_invert) {
  EXPECT_EQ(civil_of_seconds(INT64_MAX), civil_of_seconds(kCivilSecondsMax));
  EXPECT_EQ(civil_of_seconds(INT64_MIN), civil_of_seconds(-kCivilSecondsMax));
  EXPECT_EQ(seconds_of_civil({.year = INT64_MAX}), kCivilSecondsMax);
  EXPECT_EQ(seconds_of_civil({.year = INT64_MIN, .month = -2'000'000'000}), -kCivilSecondsMax);
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto seconds = static_cast<std::int64_t>(random() >> (i % 40)) / 512;
    ASSERT_EQ(seconds_of_civil(civil_of_seconds(seconds)), seconds);
    ASSERT_EQ(seconds_of_civil(civil_of_seconds(-seconds)), -seconds);
  }
}

}  // namespace
}  // namespace agentos
