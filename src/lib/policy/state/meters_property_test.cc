// Random traces beside a naive simulator that remembers every event: the meters never admit more than promised in any
// window, whatever is refunded or settled, and without refunds a bucket admits exactly what the definition says.
#include <random>

#include "lib/policy/state/fixture.h"

namespace agentos::policy {
namespace {

__extension__ using Exact = __int128;

struct Event {
  std::int64_t at_us;
  std::int64_t units;  // admitted and not given back
};

// The most a bucket may have admitted between two of its events, both included.
void expect_bucket_promise(const LimitSpec& spec, const std::vector<Event>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    Exact sum = 0;
    for (std::size_t j = i; j < events.size(); ++j) {
      sum += events[j].units;
      const Exact elapsed_us = events[j].at_us - events[i].at_us;
      ASSERT_TRUE((sum - capacity(spec)) * spec.per_us <= elapsed_us * spec.amount);
    }
  }
}

std::int64_t sum_after(const std::vector<Event>& events, std::int64_t from_us) {
  std::int64_t sum = 0;
  for (const Event& event : events) sum += event.at_us > from_us ? event.units : 0;
  return sum;
}

void expect_window_promise(const LimitSpec& spec, const std::vector<Event>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::int64_t sum = 0;
    for (std::size_t j = i; j < events.size() && events[j].at_us <= events[i].at_us + spec.per_us; ++j)
      sum += events[j].units;
    ASSERT_LE(sum, spec.amount);
  }
}

// What the definition of a bucket says is owed, in units of 1/per_us, worked out from the whole trace.
Exact owed(const LimitSpec& spec, const std::vector<Event>& events, std::int64_t now_us) {
  Exact owed = 0;
  std::int64_t at_us = 0;
  const auto drain = [&](std::int64_t until_us) {
    owed -= Exact{until_us - at_us} * spec.amount;
    if (owed < 0) owed = 0;
    at_us = until_us;
  };
  for (const Event& event : events) {
    drain(event.at_us);
    owed += Exact{event.units} * spec.per_us;
  }
  drain(now_us);
  return owed;
}

class MetersProperty : public ::testing::TestWithParam<int> {
 protected:
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound));
  }

  LimitSpec random_spec(Shape shape) {
    LimitSpec spec{.id = "random", .shape = shape, .amount = 1 + below(40), .per_us = 1 + below(1'000)};
    if (below(2) == 0) spec.per_us *= 977;
    if (shape == Shape::kTokenBucket && below(2) == 0) spec.burst = 1 + below(60);
    return spec;
  }

  std::int64_t random_step(const LimitSpec& spec) {
    switch (below(4)) {
      case 0:
        return 0;
      case 1:
        return below(3 * spec.per_us);
      default:
        return below(spec.per_us / spec.amount + 2);
    }
  }

  std::mt19937_64 random_{static_cast<std::uint64_t>(GetParam())};
};

TEST_P(MetersProperty, bucket_admits_exactly_what_its_definition_says) {
  const LimitSpec spec = random_spec(Shape::kTokenBucket);
  const auto meters = fixture::meters({spec});
  std::vector<Event> events;
  std::int64_t now_us = 0;
  for (int i = 0; i < 300; ++i) {
    now_us += random_step(spec);
    const std::int64_t units = 1 + below(capacity(spec));
    const bool expected =
        owed(spec, events, now_us) + Exact{units} * spec.per_us <= Exact{capacity(spec)} * spec.per_us;
    const Charge charge{.subject = "a", .units = units};
    ASSERT_EQ(meters->would_allow(charge, now_us).has_value(), expected);
    const auto reserved = meters->reserve({&charge, 1}, now_us);
    ASSERT_EQ(reserved.has_value(), expected);
    if (expected) {
      events.push_back({now_us, units});
    } else {
      const std::int64_t retry_us = *reserved.error().retry_at_us;
      ASSERT_GT(retry_us, now_us);
      ASSERT_TRUE(meters->would_allow(charge, retry_us));
      ASSERT_FALSE(meters->would_allow(charge, retry_us - 1));
    }
  }
  expect_bucket_promise(spec, events);
}

TEST_P(MetersProperty, window_lies_between_its_length_and_one_part_more) {
  const LimitSpec spec = random_spec(Shape::kSlidingWindow);
  const std::int64_t part_us = (spec.per_us + kSubBuckets - 1) / kSubBuckets;
  const auto meters = fixture::meters({spec});
  std::vector<Event> events;
  std::int64_t now_us = below(5'000);
  for (int i = 0; i < 300; ++i) {
    now_us += random_step(spec);
    const std::int64_t units = 1 + below(spec.amount);
    const Charge charge{.subject = "a", .units = units};
    const bool allowed = meters->would_allow(charge, now_us).has_value();
    if (sum_after(events, now_us - spec.per_us) + units > spec.amount) ASSERT_FALSE(allowed);
    if (sum_after(events, now_us - spec.per_us - part_us) + units <= spec.amount) ASSERT_TRUE(allowed);
    const auto reserved = meters->reserve({&charge, 1}, now_us);
    ASSERT_EQ(reserved.has_value(), allowed);
    if (allowed) {
      events.push_back({now_us, units});
    } else {
      const std::int64_t retry_us = *reserved.error().retry_at_us;
      ASSERT_GT(retry_us, now_us);
      ASSERT_TRUE(meters->would_allow(charge, retry_us));
      ASSERT_FALSE(meters->would_allow(charge, retry_us - 1));
    }
  }
  expect_window_promise(spec, events);
}

// Reservations are settled and refunded in any order, late, while others go on; and time sometimes goes back.
TEST_P(MetersProperty, refunds_and_settlements_never_admit_more_than_promised) {
  for (const Shape shape : {Shape::kTokenBucket, Shape::kSlidingWindow}) {
    const LimitSpec spec = random_spec(shape);
    const auto meters = fixture::meters({spec});
    std::vector<Event> events;
    std::vector<std::pair<std::size_t, Reservation>> open;
    std::int64_t latest_us = 0;
    for (int i = 0; i < 300; ++i) {
      const std::int64_t now_us = latest_us + random_step(spec) - (below(8) == 0 ? below(spec.per_us) : 0);
      const std::int64_t units = below(capacity(spec) + 1);
      auto reserved = fixture::reserve(*meters, units, now_us);
      latest_us = std::max(latest_us, now_us);
      if (reserved) {
        events.push_back({latest_us, units});
        open.emplace_back(events.size() - 1, std::move(*reserved));
      }
      if (open.empty() || below(3) == 0) continue;
      const auto chosen = open.begin() + below(static_cast<std::int64_t>(open.size()));
      auto& [event, reservation] = *chosen;
      Actual actual;
      actual[Measure::kCalls] = below(events[event].units + 3);
      if (below(2) == 0) {
        reservation.refund(now_us);
        events[event].units = 0;
      } else {
        reservation.settle(actual, now_us);
        // An overrun is not admitted by the limit, so its promise is about the rest.
        events[event].units = std::min(events[event].units, actual[Measure::kCalls]);
      }
      open.erase(chosen);
    }
    shape == Shape::kTokenBucket ? expect_bucket_promise(spec, events) : expect_window_promise(spec, events);
  }
}

INSTANTIATE_TEST_SUITE_P(Traces, MetersProperty, ::testing::Range(0, 60));

}  // namespace
}  // namespace agentos::policy
