// The real clock: clock_gettime through the vDSO.
#include "base/clock.h"

#include <ctime>

namespace agentos {
namespace {
std::int64_t read_ns(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}
}  // namespace

std::int64_t RealClock::wall_us() const { return read_ns(CLOCK_REALTIME) / 1000; }
std::int64_t RealClock::monotonic_ns() const { return read_ns(CLOCK_MONOTONIC); }

}  // namespace agentos
