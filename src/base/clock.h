// Time as a constructor argument: the real clock and one that tests move by hand.
//
// wall_us() is microseconds since 1970 UTC and may jump; monotonic_ns() never goes back. now() is both at one moment,
// for little more than the cost of one: a jump of the wall clock may show in it a millisecond late. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace agentos {

struct Moment {
  std::int64_t wall_us = 0;
  std::int64_t monotonic_ns = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t wall_us() const = 0;
  virtual std::int64_t monotonic_ns() const = 0;
  virtual Moment now() const { return {wall_us(), monotonic_ns()}; }
};

class RealClock final : public Clock {
 public:
  std::int64_t wall_us() const override;
  std::int64_t monotonic_ns() const override;
  Moment now() const override;
};

class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::int64_t wall_us = 1'700'000'000'000'000) : wall_us_(wall_us) {}
  std::int64_t wall_us() const override { return wall_us_.load(); }
  std::int64_t monotonic_ns() const override { return monotonic_ns_.load(); }
  void advance_us(std::int64_t us) {
    wall_us_ += us;
    monotonic_ns_ += us * 1000;
  }

 private:
  std::atomic<std::int64_t> wall_us_;
  std::atomic<std::int64_t> monotonic_ns_{1};
};

}  // namespace agentos
