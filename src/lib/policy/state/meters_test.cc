// What the meters admit, give back, refuse and carry over; by a clock moved by hand.
#include "lib/policy/state/meters.h"

#include "lib/policy/state/fixture.h"

namespace agentos::policy {
namespace {

using fixture::kSecondUs;
using fixture::reserve;
using fixture::take;
constexpr std::int64_t kStart = 1'000 * kSecondUs;

std::int64_t used(const Meters& meters, std::int64_t now_us, std::string_view subject = "a") {
  return meters.usage_of(0, subject, now_us)->used;
}

TEST(Meters, bucket_admits_its_burst_then_its_rate) {
  const auto meters = fixture::meters({fixture::bucket(2, kSecondUs, 5)});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(take(*meters, 1, kStart));
  const auto refused = reserve(*meters, 1, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, Refusal::Cause::kExhausted);
  EXPECT_EQ(refused.error().retry_at_us, kStart + kSecondUs / 2);
  EXPECT_FALSE(take(*meters, 1, kStart + kSecondUs / 2 - 1));
  EXPECT_TRUE(take(*meters, 1, kStart + kSecondUs / 2));
  EXPECT_FALSE(take(*meters, 1, kStart + kSecondUs / 2));
  EXPECT_EQ(meters->usage_of(0, "a", kStart + kSecondUs / 2)->resets_at_us, kStart + 3 * kSecondUs);
}

TEST(Meters, bucket_rates_far_above_and_below_a_unit_a_microsecond_are_exact) {
  const auto fast = fixture::meters({fixture::bucket(kUnitsMax, 7, kUnitsMax)});
  EXPECT_TRUE(take(*fast, kUnitsMax, kStart));
  EXPECT_EQ(reserve(*fast, kUnitsMax, kStart).error().retry_at_us, kStart + 7);
  EXPECT_EQ(reserve(*fast, 1, kStart).error().retry_at_us, kStart + 1);
  const auto slow = fixture::meters({fixture::bucket(1, kPerMaxUs)});
  EXPECT_TRUE(take(*slow, 1, 0));
  EXPECT_FALSE(take(*slow, 1, kPerMaxUs - 1));
  EXPECT_TRUE(take(*slow, 1, kPerMaxUs));
}

TEST(Meters, sliding_window_admits_its_amount_and_frees_a_part_late_at_most) {
  const std::int64_t per_us = 63 * kSecondUs;
  const auto meters = fixture::meters({fixture::sliding(3, per_us)});
  EXPECT_TRUE(take(*meters, 2, kStart));
  EXPECT_TRUE(take(*meters, 1, kStart + 10 * kSecondUs));
  const auto refused = reserve(*meters, 2, kStart + 10 * kSecondUs);
  ASSERT_FALSE(refused);
  const std::int64_t retry_us = *refused.error().retry_at_us;
  EXPECT_GT(retry_us, kStart + per_us);
  EXPECT_LE(retry_us, kStart + per_us + kSecondUs);
  EXPECT_FALSE(take(*meters, 2, retry_us - 1));
  EXPECT_TRUE(take(*meters, 2, retry_us));
}

TEST(Meters, short_windows_are_counted_in_microseconds) {
  const auto meters = fixture::meters({fixture::sliding(1, 5)});
  EXPECT_TRUE(take(*meters, 1, 100));
  EXPECT_FALSE(take(*meters, 1, 105));
  EXPECT_TRUE(take(*meters, 1, 106));
}

TEST(Meters, concurrency_is_freed_when_a_call_settles_or_never_acted) {
  const auto meters = fixture::meters({fixture::concurrency(2)});
  auto first = reserve(*meters, 1, kStart);
  auto second = reserve(*meters, 1, kStart);
  ASSERT_TRUE(first && second);
  const auto refused = reserve(*meters, 1, kStart + 1'000'000 * kSecondUs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, Refusal::Cause::kHeld);
  EXPECT_FALSE(refused.error().retry_at_us);
  Actual actual;
  actual[Measure::kConcurrency] = 5;
  first->settle(actual, kStart);
  EXPECT_FALSE(first->open());
  first->settle();  // nothing is left to settle
  EXPECT_EQ(used(*meters, kStart), 1);
  second->refund(kStart);
  EXPECT_EQ(used(*meters, kStart), 0);
  {
    const auto dropped = reserve(*meters, 2, kStart);
  }
  EXPECT_EQ(used(*meters, kStart), 0);
}

TEST(Meters, settling_corrects_what_was_reserved) {
  LimitSpec spec = fixture::sliding(100, kSecondUs);
  spec.measure = Measure::kTokens;
  for (const Shape shape : {Shape::kTokenBucket, Shape::kSlidingWindow}) {
    spec.shape = shape;
    const auto meters = fixture::meters({spec});
    Actual actual;
    actual[Measure::kTokens] = 30;
    actual[Measure::kBytes] = 9'999;  // not this limit's
    reserve(*meters, 80, kStart)->settle(actual, kStart);
    EXPECT_EQ(used(*meters, kStart), 30);
    actual[Measure::kTokens] = 150;
    reserve(*meters, 10, kStart)->settle(actual, kStart);
    EXPECT_EQ(used(*meters, kStart), 180);  // beyond the limit, and refused until it has drained
    EXPECT_FALSE(take(*meters, 0, kStart));
    EXPECT_FALSE(take(*meters, 1, kStart + kSecondUs / 2));
    EXPECT_TRUE(take(*meters, 1, kStart + 2 * kSecondUs));
  }
}

TEST(Meters, unknown_amounts_are_admitted_only_while_a_unit_is_free) {
  for (const LimitSpec& spec :
       {fixture::bucket(1, kSecondUs), fixture::sliding(1, kSecondUs), fixture::concurrency(1)}) {
    const auto meters = fixture::meters({spec});
    auto open = reserve(*meters, 0, kStart);
    ASSERT_TRUE(open);
    EXPECT_EQ(used(*meters, kStart), 0);
    auto one = reserve(*meters, 1, kStart);
    EXPECT_TRUE(one);
    EXPECT_FALSE(reserve(*meters, 0, kStart));
  }
}

TEST(Meters, refund_leaves_no_more_room_than_had_it_never_asked) {
  const auto meters = fixture::meters({fixture::bucket(10, 10 * kSecondUs)});
  auto never_acted = reserve(*meters, 10, kStart);
  ASSERT_TRUE(never_acted);
  const std::int64_t later = kStart + 5 * kSecondUs;  // five drained; without it, none would have been owed
  EXPECT_TRUE(take(*meters, 5, later));
  never_acted->refund(later);
  EXPECT_EQ(used(*meters, later), 5);
  EXPECT_TRUE(take(*meters, 5, later));
  EXPECT_FALSE(take(*meters, 1, later));
}

TEST(Meters, refund_of_what_left_the_window_changes_nothing) {
  const auto meters = fixture::meters({fixture::sliding(10, 63 * kSecondUs)});
  auto old = reserve(*meters, 10, kStart);
  ASSERT_TRUE(old);
  const std::int64_t later = kStart + 64 * kSecondUs;  // counted in the place the old one had
  EXPECT_TRUE(take(*meters, 10, later));
  old->refund(later);
  EXPECT_EQ(used(*meters, later), 10);
}

TEST(Meters, time_that_goes_back_frees_nothing) {
  for (const LimitSpec& spec : {fixture::bucket(1, kSecondUs), fixture::sliding(1, kSecondUs)}) {
    const auto meters = fixture::meters({spec});
    EXPECT_TRUE(take(*meters, 1, kStart));
    EXPECT_FALSE(take(*meters, 1, kStart - 100 * kSecondUs));
    EXPECT_FALSE(take(*meters, 1, INT64_MIN));
    EXPECT_FALSE(take(*meters, 1, kStart + kSecondUs / 2));
    EXPECT_TRUE(take(*meters, 1, INT64_MAX));
    EXPECT_FALSE(take(*meters, 1, INT64_MAX));
  }
}

TEST(Meters, all_charges_are_taken_or_none) {
  LimitSpec everyone = fixture::sliding(5, kSecondUs);
  everyone.per = Per::kEveryone;
  const auto meters = fixture::meters({everyone, fixture::bucket(10, kSecondUs), fixture::concurrency(1)});
  const std::vector<Charge> charges = {{0, "ignored", 2}, {1, "a", 3}, {2, "a", 1}};
  {
    auto open = meters->reserve(charges, kStart);
    ASSERT_TRUE(open);
    EXPECT_EQ(meters->reserve(charges, kStart).error().cause, Refusal::Cause::kHeld);
    EXPECT_EQ(meters->usage_of(0, "other", kStart)->used, 2);
    EXPECT_EQ(meters->usage_of(1, "a", kStart)->used, 3);
  }
  ASSERT_TRUE(meters->reserve(charges, kStart));
  const auto refused = meters->reserve(charges, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().limit, 0U);  // its retry is later than the bucket's
  EXPECT_EQ(refused.error().charge, 0U);
  EXPECT_EQ(meters->usage_of(1, "a", kStart)->used, 6);
  EXPECT_EQ(meters->usage_of(2, "a", kStart)->used, 0);
}

TEST(Meters, a_limit_named_twice_is_charged_once_with_the_larger_amount) {
  const auto meters = fixture::meters({fixture::bucket(10, kSecondUs)});
  const std::vector<Charge> charges = {{0, "a", 2}, {0, "a", 7}, {0, "b", 1}, {0, "a", 3}};
  ASSERT_TRUE(meters->reserve(charges, kStart));
  EXPECT_EQ(used(*meters, kStart), 7);
  EXPECT_EQ(used(*meters, kStart, "b"), 1);
}

TEST(Meters, impossible_charges_are_refused_for_ever) {
  const auto meters = fixture::meters({fixture::bucket(10, kSecondUs)});
  const std::string long_subject(kSubjectBytesMax + 1, 'x');
  for (const Charge& charge : {Charge{1, "a", 1}, Charge{0, long_subject, 1}, Charge{0, "a", -1},
                               Charge{0, "a", kUnitsMax + 1}, Charge{0, "a", INT64_MIN}}) {
    EXPECT_EQ(meters->would_allow(charge, kStart).error().cause, Refusal::Cause::kImpossible);
    EXPECT_EQ(meters->reserve({&charge, 1}, kStart).error().cause, Refusal::Cause::kImpossible);
  }
  const auto too_much = reserve(*meters, 11, kStart);
  EXPECT_EQ(too_much.error().cause, Refusal::Cause::kTooMuch);
  EXPECT_FALSE(too_much.error().retry_at_us);
  const std::vector<Charge> many(kChargesMax + 1, Charge{0, "a", 0});
  EXPECT_EQ(meters->reserve(many, kStart).error().cause, Refusal::Cause::kImpossible);
  EXPECT_TRUE(meters->reserve({}, kStart));
  EXPECT_TRUE(meters->usage(kStart).empty());
}

TEST(Meters, overruns_saturate_and_are_never_given_back) {
  const auto meters = fixture::meters({fixture::sliding(kUnitsMax, kPerMaxUs)});
  auto early = reserve(*meters, 5, kStart);
  ASSERT_TRUE(early);
  std::vector<Reservation> open;
  for (int i = 0; i < 400; ++i) open.push_back(*reserve(*meters, 0, kStart));
  Actual actual;
  actual[Measure::kCalls] = INT64_MAX;
  for (Reservation& one : open) one.settle(actual, kStart);
  early->refund(kStart);
  EXPECT_EQ(used(*meters, kStart), std::int64_t{1} << 61);
  EXPECT_FALSE(take(*meters, 1, kStart));
  EXPECT_TRUE(take(*meters, 1, kStart + 2 * kPerMaxUs));
}

TEST(Meters, full_of_busy_subjects_refuses_another_and_lets_idle_ones_go) {
  const auto meters = fixture::meters({fixture::bucket(1, kSecondUs)}, nullptr, 3);
  auto open = reserve(*meters, 1, kStart, "open");
  ASSERT_TRUE(open);
  EXPECT_TRUE(take(*meters, 1, kStart, "b"));
  EXPECT_TRUE(take(*meters, 1, kStart + kSecondUs / 2, "c"));
  const Charge another{0, "d", 1};
  EXPECT_EQ(meters->would_allow(another, kStart + kSecondUs / 2).error().cause, Refusal::Cause::kSubjectsFull);
  EXPECT_EQ(reserve(*meters, 1, kStart + kSecondUs / 2, "d").error().cause, Refusal::Cause::kSubjectsFull);
  EXPECT_TRUE(meters->would_allow(another, kStart + kSecondUs));
  EXPECT_TRUE(take(*meters, 1, kStart + kSecondUs, "d"));  // b is idle; "open" is, but for its reservation
  EXPECT_FALSE(take(*meters, 1, kStart + kSecondUs, "e"));
  open->refund(kStart + kSecondUs);
  EXPECT_TRUE(take(*meters, 1, kStart + kSecondUs, "e"));
}

TEST(Meters, refused_subjects_take_no_room) {
  const auto meters = fixture::meters({fixture::bucket(1, kSecondUs), fixture::concurrency(1)}, nullptr, 1);
  const Charge held{1, "x", 1};
  const auto open = meters->reserve({&held, 1}, kStart);
  const std::vector<Charge> both = {{0, "a", 1}, {1, "x", 1}};
  EXPECT_FALSE(meters->reserve(both, kStart));
  const std::vector<Charge> full = {{0, "a", 1}, {1, "y", 1}};
  EXPECT_EQ(meters->reserve(full, kStart).error().cause, Refusal::Cause::kSubjectsFull);
  EXPECT_TRUE(take(*meters, 1, kStart, "b"));
}

TEST(Meters, reload_keeps_the_state_of_equal_limits_only) {
  LimitSpec kept = fixture::concurrency(1);
  LimitSpec changed = fixture::bucket(1, kSecondUs);
  auto before = fixture::meters({kept, changed});
  const std::vector<Charge> charges = {{0, "a", 1}, {1, "a", 1}};
  auto open = before->reserve(charges, kStart);
  ASSERT_TRUE(open);
  changed.burst = 3;
  const auto after = fixture::meters({changed, kept}, before.get());
  before.reset();  // the reservation holds what it needs
  EXPECT_EQ(after->usage_of(0, "a", kStart)->used, 0);
  EXPECT_EQ(after->usage_of(1, "a", kStart)->used, 1);
  open->settle();
  EXPECT_EQ(after->usage_of(1, "a", kStart)->used, 0);
}

TEST(Meters, usage_lists_busy_subjects_in_order) {
  const auto meters = fixture::meters({fixture::bucket(5, kSecondUs), fixture::sliding(9, kSecondUs)});
  const std::vector<Charge> charges = {{1, "z", 4}, {0, "b", 1}, {0, "a", 2}};
  ASSERT_TRUE(meters->reserve(charges, kStart));
  const std::vector<Usage> rows = meters->usage(kStart);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].subject, "a");
  EXPECT_EQ(rows[0].resets_at_us, kStart + 2 * kSecondUs / 5);
  EXPECT_EQ(rows[1].subject, "b");
  EXPECT_EQ(rows[2].limit, "sliding");
  EXPECT_EQ(rows[2].used, 4);
  EXPECT_EQ(rows[2].amount, 9);
  EXPECT_GT(rows[2].resets_at_us, kStart + kSecondUs);
  EXPECT_EQ(meters->usage(kStart, 2).size(), 2U);
  EXPECT_TRUE(meters->usage(rows[2].resets_at_us).empty());
  EXPECT_EQ(meters->usage(rows[2].resets_at_us - 1).size(), 1U);
}

TEST(Meters, specs_out_of_range_are_refused) {
  LimitSpec no_id = fixture::bucket(1, 1);
  no_id.id = "";
  LimitSpec concurrency_in_time = fixture::concurrency(1);
  concurrency_in_time.per_us = 1;
  LimitSpec sliding_burst = fixture::sliding(1, 1);
  sliding_burst.burst = 1;
  for (const LimitSpec& spec :
       {no_id, concurrency_in_time, sliding_burst, fixture::bucket(0, 1), fixture::bucket(-1, 1),
        fixture::bucket(kUnitsMax + 1, 1), fixture::bucket(1, 0), fixture::bucket(1, kPerMaxUs + 1),
        fixture::bucket(1, 1, -1), fixture::bucket(1, 1, kUnitsMax + 1), fixture::concurrency(0)}) {
    EXPECT_FALSE(Meters::make({&spec, 1})) << spec.id;
  }
  EXPECT_FALSE(Meters::make(std::vector<LimitSpec>(2, fixture::bucket(1, 1))));
  EXPECT_EQ(Meters::make(std::vector<LimitSpec>(kLimitsMax + 1)).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace agentos::policy
