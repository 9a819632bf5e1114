// The same text as the standard library writes.
#include "base/digits.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace agentos {
namespace {

template <class Number>
std::string written(Number number) {
  std::array<char, kDigitsRoom> room;
  return {room.data(), write_digits(room.data(), number)};
}

TEST(Digits, are_those_of_the_library_around_every_power_of_ten_and_two) {
  std::uint64_t power = 1;
  for (int i = 0; i < 20; ++i, power *= 10) {
    for (const std::uint64_t number : {power - 1, power, power + 1, power * 3 + 7}) {
      EXPECT_EQ(written(number), std::to_string(number));
    }
  }
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t number = std::uint64_t{1} << bit;
    EXPECT_EQ(written(number), std::to_string(number));
    EXPECT_EQ(written(number - 1), std::to_string(number - 1));
    EXPECT_EQ(written(static_cast<std::int64_t>(number)), std::to_string(static_cast<std::int64_t>(number)));
    EXPECT_EQ(written(-static_cast<std::int64_t>(number / 2)), std::to_string(-static_cast<std::int64_t>(number / 2)));
  }
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(Digits, are_those_of_the_library_for_every_value_of_each_field_of_eight) {
  for (std::uint64_t number = 0; number < 10'000; ++number) {
    ASSERT_EQ(written(number), std::to_string(number));
    ASSERT_EQ(written(number * 10'000 + 9'999 - number), std::to_string(number * 10'000 + 9'999 - number));
    ASSERT_EQ(written(number * 1'000'000'000'000 + number), std::to_string(number * 1'000'000'000'000 + number));
  }
}

}  // namespace
}  // namespace agentos
