// Durations and sizes: what people write is read, everything else is refused.
#include "apps/agentos/quantities.h"

#include <gtest/gtest.h>

namespace agentos::cli {
namespace {

TEST(Duration, reads_units_and_sums) {
  EXPECT_EQ(parse_duration_ms("500ms").value_or(0), 500);
  EXPECT_EQ(parse_duration_ms("30s").value_or(0), 30'000);
  EXPECT_EQ(parse_duration_ms("30").value_or(0), 30'000);
  EXPECT_EQ(parse_duration_ms("1h30m").value_or(0), 5'400'000);
  EXPECT_EQ(parse_duration_ms("2d").value_or(0), 172'800'000);
}

TEST(Duration, refuses_what_is_none) {
  for (const char* text :
       {"", "s", "-1s", "1x", "1s2", "0", "0s", "1 s", "99999999999999999999s", "400d", "1.5s", "10m5"}) {
    const auto parsed = parse_duration_ms(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Size, reads_powers_of_1024) {
  EXPECT_EQ(parse_size_bytes("4096").value_or(0), 4096);
  EXPECT_EQ(parse_size_bytes("64K").value_or(0), 65536);
  EXPECT_EQ(parse_size_bytes("64KiB").value_or(0), 65536);
  EXPECT_EQ(parse_size_bytes("512m").value_or(0), 512LL << 20);
  EXPECT_EQ(parse_size_bytes("2G").value_or(0), 2LL << 30);
}

TEST(Size, refuses_what_is_none) {
  for (const char* text : {"", "K", "0", "-1", "1X", "1KB2", "9999999999T", "1 G"}) {
    EXPECT_FALSE(parse_size_bytes(text).has_value()) << text;
  }
}

TEST(Quantities, are_shown_short) {
  EXPECT_EQ(show_duration_us(840), "840us");
  EXPECT_EQ(show_duration_us(12'340), "12.3ms");
  EXPECT_EQ(show_duration_us(4'200'000), "4.2s");
  EXPECT_EQ(show_duration_us(185'000'000), "3m05s");
  EXPECT_EQ(show_duration_us(7'800'000'000), "2h10m");
  EXPECT_EQ(show_size_bytes(512), "512");
  EXPECT_EQ(show_size_bytes(1536), "1.5K");
  EXPECT_EQ(show_size_bytes(64 << 20), "64M");
}

TEST(Time, is_the_same_instant_in_every_spelling) {
  const std::int64_t us = 1'795'896'000'000'000;
  for (const char* text :
       {"2026-11-28T20:00:00Z", "2026-11-28T21:00:00+01:00", "2026-11-28 15:00-05:00", "2026-11-28t20:00:00.000000z"}) {
    EXPECT_EQ(parse_time_us(text, 0).value_or(-1), us) << text;
  }
  EXPECT_EQ(*parse_time_us("2026-11-28T20:00:00.25Z", 0), us + 250'000);
  EXPECT_EQ(*parse_time_us("10m", us), us - 600'000'000);
  EXPECT_TRUE(parse_time_us("2026-11-28", 0).has_value());
}

TEST(Time, refuses_what_is_none) {
  for (const char* text : {"", "yesterday", "2026-13-01", "2026-11-28T25:00Z", "2026-11-28T20:00:00+1:00",
                           "2026-11-28T20:00:00Zz", "2026-11-28T20:00:00+19:00"}) {
    EXPECT_FALSE(parse_time_us(text, 0).has_value()) << text;
  }
}

}  // namespace
}  // namespace agentos::cli
