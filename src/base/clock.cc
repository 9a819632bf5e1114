// The real clock: clock_gettime through the vDSO. Both clocks run at the same rate, adjusted alike, and differ by what
// only a jump changes: a thread reads the difference anew after a millisecond.
#include "base/clock.h"

#include <ctime>

namespace agentos {
namespace {
std::int64_t read_ns(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

constexpr std::int64_t kDifferenceNs = 1'000'000;  // how long one is good
constexpr std::int64_t kReadingNs = 10'000;        // taken between two readings that lie further apart, it is not kept

struct Difference {
  std::int64_t ns = 0;     // wall less monotonic
  std::int64_t until = 0;  // monotonic
};

}  // namespace

std::int64_t RealClock::wall_us() const { return read_ns(CLOCK_REALTIME) / 1000; }
std::int64_t RealClock::monotonic_ns() const { return read_ns(CLOCK_MONOTONIC); }

Moment RealClock::now() const {
  thread_local Difference difference;
  const std::int64_t monotonic = read_ns(CLOCK_MONOTONIC);
  if (monotonic < difference.until) return {(monotonic + difference.ns) / 1000, monotonic};
  const std::int64_t wall = read_ns(CLOCK_REALTIME);
  const std::int64_t after = read_ns(CLOCK_MONOTONIC);
  if (after - monotonic <= kReadingNs)
    difference = {wall - (monotonic + (after - monotonic) / 2), monotonic + kDifferenceNs};
  return {wall / 1000, after};
}

}  // namespace agentos
