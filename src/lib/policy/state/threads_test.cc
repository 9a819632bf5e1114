// Many threads at the meters and histories at once: the sums stay within what is promised, and nothing is lost.
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "lib/policy/state/fixture.h"
#include "lib/policy/state/sequence.h"
#include "lib/policy/state/window.h"

namespace agentos::policy {
namespace {

constexpr int kThreads = 4;

template <class Body>
void on_threads(Body body) {
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

// Charges in all orders of limits, so that any wrong order of locks would stop here.
TEST(MetersThreads, never_admit_more_than_promised_and_hold_nothing_at_the_end) {
  const auto meters = fixture::meters(
      {fixture::concurrency(3), fixture::sliding(500, fixture::kSecondUs), fixture::bucket(400, fixture::kSecondUs)});
  std::atomic<std::int64_t> admitted{0};
  std::atomic<int> holding{0};
  std::atomic<int> most{0};
  on_threads([&](int thread) {
    const std::string own = "agent" + std::to_string(thread);
    for (int i = 0; i < 2'000; ++i) {
      std::array<Charge, 4> charges = {Charge{0, "all", 1}, Charge{1, "all", 1}, Charge{2, "all", 1},
                                       Charge{1, own, 0}};
      std::rotate(charges.begin(), charges.begin() + (i + thread) % 4, charges.end());
      auto reserved = meters->reserve(charges, 1'000);
      if (!reserved) continue;
      const int held = ++holding;
      int before = most.load();
      while (held > before && !most.compare_exchange_weak(before, held)) {
      }
      --holding;
      if (i % 3 == 0) {
        reserved->refund(1'000);
      } else {
        ++admitted;
        reserved->settle();
      }
    }
  });
  EXPECT_LE(most.load(), 3);
  EXPECT_EQ(admitted.load(), 400);
  EXPECT_EQ(meters->usage_of(0, "all", 1'000)->used, 0);
  EXPECT_EQ(meters->usage_of(1, "all", 1'000)->used, 400);
  EXPECT_EQ(meters->usage_of(2, "all", 1'000)->used, 400);
}

TEST(MetersThreads, subjects_come_and_go_within_their_bound_while_limits_are_reloaded) {
  constexpr std::size_t kSubjects = 2;
  const std::vector<LimitSpec> specs = {fixture::sliding(5, 100)};
  const std::shared_ptr<Meters> first = fixture::meters(specs, nullptr, kSubjects);
  std::mutex mutex;
  std::multiset<std::string> open;  // subjects that cannot be let go
  std::atomic<int> admitted{0};
  on_threads([&](int thread) {
    std::shared_ptr<Meters> meters = first;
    for (int i = 0; i < 2'000; ++i) {
      const std::string subject = std::to_string((i * 7 + thread) % 40);
      const auto reserved = fixture::reserve(*meters, 1, i * 500, subject);
      if (i % 50 == 0) meters = fixture::meters(specs, meters.get());
      static_cast<void>(meters->usage(i * 500));
      if (!reserved) continue;
      ++admitted;
      {
        const std::lock_guard lock(mutex);
        open.insert(subject);
        EXPECT_LE(std::set<std::string>(open.begin(), open.end()).size(), kSubjects);
      }
      std::this_thread::yield();
      const std::lock_guard lock(mutex);
      open.erase(open.find(subject));
    }
  });
  EXPECT_GT(admitted.load(), 100);
  EXPECT_LE(first->usage(0).size(), kSubjects);
}

TEST(HistoriesThreads, runs_begin_step_count_and_end_while_sequences_are_loaded) {
  Histories histories;
  const std::vector<SequenceSpec> specs = {{.id = "s", .steps = 2}, {.id = "t", .steps = 1, .has_until = true}};
  const auto sequences = *histories.load(specs);
  ASSERT_TRUE(histories.begin("shared"));
  on_threads([&](int thread) {
    const std::string own = "run" + std::to_string(thread);
    for (int i = 0; i < 500; ++i) {
      EXPECT_TRUE(histories.begin(own));
      const Match match{.sequence = 0, .step_mask = static_cast<std::uint8_t>(1 + i % 2)};
      EXPECT_TRUE(histories.advance("shared", *sequences, {&match, 1}, i));
      EXPECT_TRUE(histories.count_allowed("shared", "exec", own));
      static_cast<void>(histories.happened("shared", *sequences, 0, i));
      if (i % 20 == 0) EXPECT_TRUE(histories.load({specs.data() + thread % 2, 1}));
      histories.forget(own);
    }
  });
  EXPECT_EQ(histories.count("shared", Counted::kCall, "exec"), kThreads * 500);
  EXPECT_EQ(histories.runs(), 1U);
  EXPECT_TRUE(histories.happened("shared", *sequences, 0, 1'000));
}

TEST(WindowThreads, one_zone_is_asked_by_many) {
  const auto zone = Zone::load("Europe/Berlin");
  if (!zone) GTEST_SKIP() << zone.error().message;
  const Window window = *Window::make({.from_minute = 0, .to_minute = 720, .zone = *zone});
  on_threads([&](int thread) {
    int open = 0;
    for (std::int64_t hour = 0; hour < 24 * 365; ++hour)
      open += window.contains((hour + thread * 8'760LL) * 3'600'000'000) ? 1 : 0;
    EXPECT_NEAR(open, 12 * 365, 12);
  });
}

}  // namespace
}  // namespace agentos::policy
