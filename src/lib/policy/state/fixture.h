// Specs and meters for tests, in few words.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "lib/policy/state/meters.h"

namespace agentos::policy::fixture {

inline constexpr std::int64_t kSecondUs = 1'000'000;

inline LimitSpec bucket(std::int64_t amount, std::int64_t per_us, std::int64_t burst = 0) {
  return {.id = "bucket", .amount = amount, .per_us = per_us, .burst = burst};
}

inline LimitSpec sliding(std::int64_t amount, std::int64_t per_us) {
  return {.id = "sliding", .shape = Shape::kSlidingWindow, .amount = amount, .per_us = per_us};
}

inline LimitSpec concurrency(std::int64_t amount) {
  return {.id = "concurrency", .measure = Measure::kConcurrency, .amount = amount};
}

inline std::shared_ptr<Meters> meters(std::vector<LimitSpec> specs, const Meters* before = nullptr,
                                      std::size_t subjects_max = kSubjectsMax) {
  auto made = Meters::make(specs, before, subjects_max);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

// One charge of limit 0.
inline std::expected<Reservation, Refusal> reserve(Meters& meters, std::int64_t units, std::int64_t now_us,
                                                   std::string_view subject = "a") {
  const Charge charge{.limit = 0, .subject = subject, .units = units};
  return meters.reserve({&charge, 1}, now_us);
}

inline bool take(Meters& meters, std::int64_t units, std::int64_t now_us, std::string_view subject = "a") {
  return reserve(meters, units, now_us, subject).has_value();
}

}  // namespace agentos::policy::fixture
