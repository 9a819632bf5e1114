// Both clocks at one moment.
#include "base/clock.h"

#include <gtest/gtest.h>

namespace agentos {
namespace {

TEST(Clock, of_a_moment_says_what_each_of_the_two_says) {
  const RealClock clock;
  constexpr std::int64_t kLateUs = 1'000;  // what a jump of the wall clock may be late by
  for (int i = 0; i < 100'000; ++i) {      // far beyond a millisecond, so that the difference is read anew
    const std::int64_t wall_before = clock.wall_us(), before = clock.monotonic_ns();
    const Moment now = clock.now();
    const std::int64_t after = clock.monotonic_ns(), wall_after = clock.wall_us();
    ASSERT_GE(now.monotonic_ns, before);
    ASSERT_LE(now.monotonic_ns, after);
    ASSERT_GE(now.wall_us, wall_before - kLateUs);
    ASSERT_LE(now.wall_us, wall_after + kLateUs);
  }
}

TEST(Clock, that_tests_move_has_one_moment_too) {
  FakeClock clock(5);
  clock.advance_us(2);
  EXPECT_EQ(clock.now().wall_us, 7);
  EXPECT_EQ(clock.now().monotonic_ns, clock.monotonic_ns());
}

}  // namespace
}  // namespace agentos
