// What one subject has used of one limit, in integers: three gauges with one interface.
//
// Pure state, no lock, no clock. `now` is clamped to 0 .. kInstantMaxUs and never counts as earlier than the latest
// instant the gauge was charged at. Every rounding and every bound errs to the stricter side.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <variant>

#include "lib/policy/state/limit.h"

namespace agentos::policy {

__extension__ using Wide = __int128;

// A limit's numbers, ready for arithmetic.
struct Law {
  explicit Law(const LimitSpec& spec);
  std::int64_t amount;
  std::int64_t per_us;
  std::int64_t capacity;
  std::int64_t part_us;  // of a sliding window
};

// Token bucket: what is owed, in units of 1/per_us, so that it drains by exactly `amount` each microsecond (the generic
// cell rate algorithm with a fraction instead of a rounded interval).
class Bucket {
 public:
  bool admits(const Law& law, std::int64_t units, std::int64_t now_us) const;
  std::int64_t retry_at(const Law& law, std::int64_t units, std::int64_t now_us) const;  // INT64_MAX: never
  std::int64_t used(const Law& law, std::int64_t now_us) const;                          // rounded up
  std::int64_t empties_at(const Law& law, std::int64_t now_us) const;
  std::int64_t charge(const Law& law, std::int64_t units, std::int64_t now_us);  // the instant it counts from
  // What was charged at `at_us` may have been drained first, so only what could not be by now is given back: then there
  // is never more room than had it not been charged.
  void give_back(const Law& law, std::int64_t units, std::int64_t at_us, std::int64_t now_us);

 private:
  Wide owed_at(const Law& law, std::int64_t now_us) const;
  Wide owed_ = 0;
  std::int64_t at_us_ = 0;
};

// Sliding window: a ring of parts, the oldest of which counts whole while any of it lies in the window.
class Rolling {
 public:
  bool admits(const Law& law, std::int64_t units, std::int64_t now_us) const;
  std::int64_t retry_at(const Law& law, std::int64_t units, std::int64_t now_us) const;
  std::int64_t used(const Law& law, std::int64_t now_us) const;
  std::int64_t empties_at(const Law& law, std::int64_t now_us) const;
  std::int64_t charge(const Law& law, std::int64_t units, std::int64_t now_us);
  void give_back(const Law& law, std::int64_t units, std::int64_t at_us, std::int64_t now_us);

 private:
  static constexpr std::int64_t kParts = kSubBuckets + 1;
  using Ring = std::array<std::int64_t, kParts>;
  std::int64_t& part(std::int64_t number) { return (*ring_)[static_cast<std::size_t>(number % kParts)]; }
  std::int64_t part(std::int64_t number) const { return (*ring_)[static_cast<std::size_t>(number % kParts)]; }
  std::int64_t end_of_lapsed(const Law& law, std::int64_t now_us) const;

  std::unique_ptr<Ring> ring_ = std::make_unique<Ring>();
  std::int64_t total_ = 0;       // of all parts
  std::int64_t first_part_ = 0;  // the oldest that may be counted
  std::int64_t at_us_ = 0;
  bool saturated_ = false;  // more was charged than is counted, so nothing is given back
};

// Concurrency: what is held.
class Held {
 public:
  bool admits(const Law& law, std::int64_t units, std::int64_t now_us) const;
  std::int64_t retry_at(const Law&, std::int64_t, std::int64_t) const { return INT64_MAX; }
  std::int64_t used(const Law&, std::int64_t) const { return held_; }
  std::int64_t empties_at(const Law&, std::int64_t now_us) const { return now_us; }
  std::int64_t charge(const Law& law, std::int64_t units, std::int64_t now_us);
  void give_back(const Law& law, std::int64_t units, std::int64_t at_us, std::int64_t now_us);

 private:
  std::int64_t held_ = 0;
};

using Gauge = std::variant<Bucket, Rolling, Held>;
Gauge gauge_for(const LimitSpec& spec);

}  // namespace agentos::policy
