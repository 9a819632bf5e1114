// When sequences have happened, for whom, for how long; counts; and a random trace beside a search of all choices.
#include "lib/policy/state/sequence.h"

#include <gtest/gtest.h>

#include <random>

#include "lib/policy/state/fixture.h"

namespace agentos::policy {
namespace {

using fixture::kSecondUs;

class HistoriesTest : public ::testing::Test {
 protected:
  void use(std::vector<SequenceSpec> specs) {
    auto loaded = histories_.load(specs);
    ASSERT_TRUE(loaded) << loaded.error().message;
    sequences_ = *loaded;
  }
  void event(std::string_view run, std::uint8_t mask, std::int64_t now_us, bool until = false) {
    const Match match{.sequence = 0, .step_mask = mask, .until = until};
    ASSERT_TRUE(histories_.advance(run, *sequences_, {&match, 1}, now_us));
  }
  bool happened(std::string_view run, std::int64_t now_us = 0) const {
    return histories_.happened(run, *sequences_, 0, now_us);
  }
  int position(std::string_view run) const { return histories_.position(run, *sequences_, 0, 0); }

  Histories histories_{4};
  std::shared_ptr<const Sequences> sequences_;
};

TEST_F(HistoriesTest, steps_count_in_order_only) {
  use({{.id = "s", .steps = 3}});
  ASSERT_TRUE(histories_.begin("r"));
  event("r", 0b010, 1);
  event("r", 0b100, 2);
  EXPECT_EQ(position("r"), 0);
  event("r", 0b001, 3);
  event("r", 0b100, 4);
  EXPECT_EQ(position("r"), 1);
  event("r", 0b010, 5);
  EXPECT_FALSE(happened("r"));
  event("r", 0b001, 6);
  EXPECT_EQ(position("r"), 2);
  event("r", 0b100, 7);
  EXPECT_TRUE(happened("r"));
  event("r", 0, 8);
  EXPECT_TRUE(happened("r"));
}

TEST_F(HistoriesTest, one_event_is_one_step) {
  use({{.id = "s", .steps = 2}});
  ASSERT_TRUE(histories_.begin("r"));
  event("r", 0b11, 1);
  EXPECT_EQ(position("r"), 1);
  event("r", 0b11, 2);
  EXPECT_TRUE(happened("r"));
}

TEST_F(HistoriesTest, until_cancels_and_may_begin_again) {
  use({{.id = "s", .steps = 2, .has_until = true}});
  ASSERT_TRUE(histories_.begin("r"));
  event("r", 0b01, 1);
  event("r", 0b00, 2, true);
  event("r", 0b10, 3);
  EXPECT_EQ(position("r"), 0);
  event("r", 0b01, 4);
  event("r", 0b10, 5);
  EXPECT_TRUE(happened("r"));
  event("r", 0b01, 6, true);
  EXPECT_FALSE(happened("r"));
  EXPECT_EQ(position("r"), 1);
  event("r", 0b10, 7);
  EXPECT_TRUE(happened("r"));
}

TEST_F(HistoriesTest, without_until_nothing_cancels) {
  use({{.id = "s", .steps = 1}});
  ASSERT_TRUE(histories_.begin("r"));
  event("r", 1, 1);
  event("r", 0, 2, true);
  EXPECT_TRUE(happened("r"));
}

TEST_F(HistoriesTest, time_counts_from_the_latest_first_step_that_serves) {
  use({{.id = "s", .steps = 2, .within_us = 10}});
  ASSERT_TRUE(histories_.begin("r"));
  event("r", 0b01, 100);
  event("r", 0b01, 108);
  event("r", 0b10, 115);
  EXPECT_TRUE(happened("r", 115));
  EXPECT_TRUE(happened("r", 118));
  EXPECT_FALSE(happened("r", 119));
  EXPECT_TRUE(happened("r", 50));  // as at its latest event
  event("r", 0b00, 119);
  EXPECT_FALSE(happened("r", 50));  // time that goes back revives nothing
  event("r", 0b01, 120);
  event("r", 0b10, 131);
  EXPECT_FALSE(happened("r", 131));
}

TEST_F(HistoriesTest, runs_are_bounded_and_forgotten) {
  use({{.id = "s"}});
  for (const char* run : {"a", "b", "c", "d"}) ASSERT_TRUE(histories_.begin(run));
  EXPECT_EQ(histories_.begin("e").error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(histories_.begin("a").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(histories_.runs(), 4U);
  event("a", 1, 1);
  histories_.forget("a");
  histories_.forget("a");
  EXPECT_EQ(histories_.runs(), 3U);
  ASSERT_TRUE(histories_.begin("a"));
  EXPECT_FALSE(happened("a"));
  EXPECT_EQ(histories_.begin("").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(histories_.begin(std::string(kSubjectBytesMax + 1, 'x')).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(HistoriesTest, unknown_runs_have_no_history_and_take_no_events) {
  use({{.id = "s"}});
  const Match match{.step_mask = 1};
  EXPECT_EQ(histories_.advance("r", *sequences_, {&match, 1}, 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(histories_.count_allowed("r", "read", "").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(happened("r"));
  EXPECT_EQ(histories_.count("r", Counted::kCall, "read"), 0);
}

TEST_F(HistoriesTest, wrong_matches_change_nothing) {
  use({{.id = "s"}});
  ASSERT_TRUE(histories_.begin("r"));
  const std::vector<Match> out_of_range = {{.sequence = 0, .step_mask = 1}, {.sequence = 1, .step_mask = 1}};
  const std::vector<Match> twice = {{.sequence = 0, .step_mask = 1}, {.sequence = 0, .step_mask = 1}};
  EXPECT_EQ(histories_.advance("r", *sequences_, out_of_range, 1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(histories_.advance("r", *sequences_, twice, 1).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(happened("r"));
  EXPECT_FALSE(histories_.happened("r", *sequences_, 7, 1));
}

TEST_F(HistoriesTest, reload_keeps_equal_sequences_and_begins_others_afresh) {
  const SequenceSpec kept{.id = "kept", .steps = 2};
  use({{.id = "changed", .steps = 1}, kept});
  ASSERT_TRUE(histories_.begin("r"));
  const std::vector<Match> both = {{.sequence = 0, .step_mask = 1}, {.sequence = 1, .step_mask = 1}};
  ASSERT_TRUE(histories_.advance("r", *sequences_, both, 1));
  const auto before = sequences_;
  use({kept, {.id = "changed", .steps = 1, .within_us = 5}});
  EXPECT_EQ(histories_.position("r", *sequences_, 0, 1), 1);
  EXPECT_EQ(histories_.position("r", *sequences_, 1, 1), 0);
  EXPECT_EQ(histories_.position("r", *before, 0, 1), 1);  // who still holds the old set sees it whole
  sequences_.reset();
  use({});
  use({kept});
  EXPECT_EQ(position("r"), 1);  // `before` holds it
}

TEST_F(HistoriesTest, sequences_nobody_holds_are_forgotten) {
  const SequenceSpec spec{.id = "s"};
  use({spec});
  ASSERT_TRUE(histories_.begin("r"));
  event("r", 1, 1);
  sequences_.reset();
  use({spec});
  EXPECT_FALSE(happened("r"));
}

TEST_F(HistoriesTest, impossible_sequences_are_refused) {
  for (const SequenceSpec& spec :
       {SequenceSpec{.id = ""}, SequenceSpec{.id = "s", .steps = 0}, SequenceSpec{.id = "s", .steps = 9},
        SequenceSpec{.id = "s", .within_us = -1}, SequenceSpec{.id = "s", .within_us = kPerMaxUs + 1}}) {
    EXPECT_EQ(histories_.load({&spec, 1}).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(histories_.load(std::vector<SequenceSpec>(2, {.id = "s"})));
  EXPECT_EQ(histories_.load(std::vector<SequenceSpec>(kSequencesMax + 1)).error().code, ErrorCode::kTooLarge);
}

TEST_F(HistoriesTest, calls_and_tools_are_counted_apart) {
  ASSERT_TRUE(histories_.begin("r"));
  ASSERT_TRUE(histories_.count_allowed("r", "exec", "read"));
  ASSERT_TRUE(histories_.count_allowed("r", "exec", "curl"));
  ASSERT_TRUE(histories_.count_allowed("r", "read", ""));
  EXPECT_EQ(histories_.count("r", Counted::kCall, "exec"), 2);
  EXPECT_EQ(histories_.count("r", Counted::kCall, "read"), 1);
  EXPECT_EQ(histories_.count("r", Counted::kTool, "read"), 1);
  EXPECT_EQ(histories_.count("r", Counted::kTool, ""), 0);
  EXPECT_EQ(histories_.allowed("r"), 3);
}

TEST_F(HistoriesTest, names_beyond_the_bound_are_refused_and_known_ones_still_count) {
  ASSERT_TRUE(histories_.begin("r"));
  for (std::size_t i = 0; i + 2 < kCountedNamesMax; ++i)
    ASSERT_TRUE(histories_.count_allowed("r", "exec", "tool" + std::to_string(i)));
  ASSERT_TRUE(histories_.count_allowed("r", "exec", "last"));
  EXPECT_EQ(histories_.count_allowed("r", "exec", "another").error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(histories_.count_allowed("r", "other", "last").error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(histories_.count("r", Counted::kTool, "last"), 1);
  EXPECT_TRUE(histories_.count_allowed("r", "exec", "last"));
  EXPECT_EQ(histories_.count("r", Counted::kCall, "exec"), static_cast<std::int64_t>(kCountedNamesMax));
  EXPECT_FALSE(histories_.count_allowed("r", std::string(kSubjectBytesMax + 1, 'x'), ""));
}

// An event of a trace, and whether some choice of events before `end` happened: tried one by one, from the last back.
struct Seen {
  std::int64_t at_us;
  std::uint8_t mask;
  bool until;
};

bool search(const std::vector<Seen>& trace, const SequenceSpec& spec, std::size_t end, int step, std::int64_t now_us) {
  for (std::size_t i = end; i-- > 0;) {
    const bool matches = (trace[i].mask >> step & 1) != 0;
    if (matches && step == 0 && (spec.within_us == 0 || now_us - trace[i].at_us <= spec.within_us)) return true;
    if (spec.has_until && trace[i].until) return false;  // it may be the first step, but no later one
    if (matches && step > 0 && search(trace, spec, i, step - 1, now_us)) return true;
  }
  return false;
}

TEST(HistoriesProperty, agrees_with_a_search_of_every_choice) {
  std::mt19937_64 random(11);
  std::size_t seen = 0;
  for (int round = 0; round < 400; ++round) {
    SequenceSpec spec{.id = "s", .steps = static_cast<std::uint8_t>(1 + random() % 4), .has_until = random() % 2 == 0};
    if (random() % 2 == 0) spec.within_us = static_cast<std::int64_t>(1 + random() % 30) * kSecondUs;
    Histories histories;
    const auto sequences = *histories.load({&spec, 1});
    ASSERT_TRUE(histories.begin("r"));
    std::vector<Seen> trace;
    std::int64_t now_us = 0;
    for (int i = 0; i < 40; ++i) {
      now_us += static_cast<std::int64_t>(random() % 5) * kSecondUs;
      const Seen event{now_us, static_cast<std::uint8_t>(random() & random() & 0xF), random() % 12 == 0};
      trace.push_back(event);
      const Match match{.sequence = 0, .step_mask = event.mask, .until = event.until};
      ASSERT_TRUE(histories.advance("r", *sequences, {&match, 1}, now_us));
      const std::int64_t asked_us = now_us + static_cast<std::int64_t>(random() % 3) * kSecondUs;
      const bool expected = search(trace, spec, trace.size(), spec.steps - 1, asked_us);
      seen += expected ? 1 : 0;
      ASSERT_EQ(histories.happened("r", *sequences, 0, asked_us), expected) << round << ' ' << i;
    }
  }
  EXPECT_GT(seen, 1'000U);
}

}  // namespace
}  // namespace agentos::policy
