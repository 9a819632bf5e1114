// The recorder's promises to its callers, on a disk in memory and on the real one.
#include "lib/recorder/recorder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <future>
#include <thread>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

using testing::event;
using testing::FakeWorld;
using testing::intent;
using testing::outcome;
using testing::refused;

VerifyReport verified(Disk& disk) {
  auto report = verify_log_on(disk, "/log");
  EXPECT_TRUE(report.has_value());
  return report ? *report : VerifyReport{};
}

std::vector<StoredEntry> entries_of(Disk& disk) {
  std::vector<StoredEntry> all;
  EXPECT_TRUE(read_log_on(disk, "/log", {}, [&](const StoredEntry& entry) { return all.push_back(entry), true; }));
  return all;
}

TEST(Recorder, interleaved_allowed_refused_and_open_calls_verify) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  const Index first = *recorder->append(intent("a"));
  EXPECT_EQ(*recorder->append(refused("b")), first + 1);
  EXPECT_EQ(*recorder->append(outcome(first, "a")), first + 2);
  EXPECT_EQ(*recorder->append(intent("c")), first + 3);
  ASSERT_TRUE(recorder->close().has_value());
  const VerifyReport report = verified(disk);
  EXPECT_TRUE(report.valid) << report.problem << " " << report.position;
  EXPECT_EQ(report.entries, 4U);
  EXPECT_EQ(report.checkpoint_size, 4U);
  EXPECT_EQ(report.intents, 2U);
  EXPECT_EQ(report.outcomes, 1U);
  EXPECT_EQ(report.refused, 1U);
  EXPECT_EQ(report.open_intents, 1U);
  EXPECT_EQ(report.openings, 3U);
}

TEST(Recorder, a_new_log_verifies_and_holds_nothing) {
  FakeWorld world;
  FakeDisk disk;
  ASSERT_TRUE(world.start(disk)->close().has_value());
  const VerifyReport report = verified(disk);
  EXPECT_TRUE(report.valid) << report.problem;
  EXPECT_EQ(report.entries, 0U);
}

TEST(Recorder, what_is_durable_can_be_read_at_once) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  const Index index = *recorder->append(event("boot"));
  ASSERT_TRUE(recorder->wait_durable(index).has_value());
  const auto all = entries_of(disk);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(*all[0].opening, "{}");
  EXPECT_TRUE(all[0].opening_matches);
  EXPECT_TRUE(verified(disk).valid);  // beside the running recorder
}

TEST(Recorder, an_intent_has_one_outcome) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  const Index index = *recorder->append(intent("a"));
  ASSERT_TRUE(recorder->append(outcome(index, "a")).has_value());
  EXPECT_EQ(recorder->append(outcome(index, "a")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(recorder->append(outcome(77, "a")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(recorder->append(outcome(kNoIndex, "a")).error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(recorder->close().has_value());
  EXPECT_EQ(verified(disk).entries, 2U);
}

TEST(Recorder, any_arguments_are_stored_within_bounds) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  for (const std::string& text : {std::string("\xFF\x00\x01", 3), std::string(1 << 20, '['), std::string("NaN")}) {
    Refused entry = refused(text);
    entry.arguments.text = text;
    EXPECT_TRUE(recorder->append(entry).has_value());
  }
  ASSERT_TRUE(recorder->close().has_value());
  EXPECT_TRUE(verified(disk).valid) << verified(disk).problem;
}

TEST(Recorder, goes_on_after_reopening_over_many_segments) {
  FakeWorld world;
  FakeDisk disk;
  Index next = 0;
  for (int round = 0; round < 5; ++round) {
    auto recorder = world.start(disk);
    for (int i = 0; i < 300; ++i) {
      const Index index = *recorder->append(intent("a"));
      EXPECT_EQ(index, next++);
      EXPECT_EQ(*recorder->append(outcome(index, "a")), next++);
    }
    ASSERT_TRUE(recorder->close().has_value());
  }
  const VerifyReport report = verified(disk);
  EXPECT_TRUE(report.valid) << report.problem << " " << report.position;
  EXPECT_EQ(report.entries, next);
  EXPECT_GT(report.segments, 5U);
  EXPECT_EQ(entries_of(disk).size(), next);
}

TEST(Recorder, lost_outcomes_of_external_calls_read_unknown_after_reopening) {
  FakeWorld world;
  FakeDisk disk;
  {
    auto recorder = world.start(disk);
    ASSERT_TRUE(recorder->append(intent("lost", Effect::kExternal)).has_value());
    ASSERT_TRUE(recorder->append(intent("state only")).has_value());
    const Index done = *recorder->append(intent("done", Effect::kExternal));
    ASSERT_TRUE(recorder->append(outcome(done, "done")).has_value());
    for (int i = 0; i < 600; ++i) ASSERT_TRUE(recorder->append(event("filler")).has_value());  // into later segments
  }
  auto recorder = world.start(disk);
  EXPECT_EQ(recorder->stats().recovered_unknown, 1U);
  ASSERT_TRUE(recorder->close().has_value());
  recorder.reset();
  const auto entries = entries_of(disk);
  const std::string& lost = entries[entries.size() - 2].leaf;
  EXPECT_NE(lost.find(R"("agent":"lost","call":"write")"), std::string::npos) << lost;
  EXPECT_NE(lost.find(R"("intent":0,"kind":"outcome","status":"unknown")"), std::string::npos) << lost;
  EXPECT_NE(entries.back().leaf.find(R"("name":"recovered")"), std::string::npos) << entries.back().leaf;
  const VerifyReport report = verified(disk);
  EXPECT_TRUE(report.valid) << report.problem;
  EXPECT_EQ(report.unknown, 1U);
  EXPECT_EQ(world.start(disk)->stats().recovered_unknown, 0U);
}

TEST(Recorder, a_second_one_on_the_same_directory_is_refused) {
  FakeWorld world;
  char place[] = "/tmp/recorder_test.XXXXXX";
  ASSERT_NE(mkdtemp(place), nullptr);
  Options options = world.options();
  options.directory = std::string(place) + "/deep/log";
  {
    auto first = Recorder::open(options, world.clock, world.random);
    ASSERT_TRUE(first.has_value()) << first.error().message;
    const auto second = Recorder::open(options, world.clock, world.random);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kBusy);
    ASSERT_TRUE((*first)->append(event("boot")).has_value());
  }
  EXPECT_TRUE(Recorder::open(options, world.clock, world.random).has_value());
  EXPECT_EQ(verify_log(options.directory)->entries, 1U);
  std::filesystem::remove_all(place);
}

TEST(Recorder, eight_threads_append_and_a_verifier_beside_them_raises_no_false_alarm) {
  FakeWorld world;
  char place[] = "/tmp/recorder_test.XXXXXX";
  ASSERT_NE(mkdtemp(place), nullptr);
  Options options = world.options();
  options.directory = place;
  RealClock clock;
  auto recorder = std::move(Recorder::open(options, clock, world.random).value());
  std::vector<std::thread> threads;
  std::atomic<bool> stop{false};
  std::thread verifier([&] {
    while (!stop) {
      const auto report = verify_log(options.directory);
      EXPECT_TRUE(report && report->valid)
          << (report ? report->problem + " " + report->position : report.error().message);
    }
  });
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 150; ++i) {
        const auto index = recorder->append(intent("agent-" + std::to_string(t)));
        ASSERT_TRUE(index && recorder->append(outcome(*index, "a")));
        if (i % 50 == 0) EXPECT_TRUE(recorder->wait_durable(*index));
      }
    });
  for (auto& thread : threads) thread.join();
  stop = true;
  verifier.join();
  ASSERT_TRUE(recorder->close().has_value());
  const auto report = verify_log(options.directory);
  EXPECT_TRUE(report->valid) << report->problem;
  EXPECT_EQ(report->entries, 2400U);
  std::filesystem::remove_all(place);
}

TEST(Recorder, when_durable_calls_back_once_for_each_entry) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  std::atomic<int> called{0};
  for (int i = 0; i < 50; ++i)
    recorder->when_durable(*recorder->append(event("x")), [&](Status status) { called += status ? 1 : 100; });
  recorder->when_durable(1000, [&](Status status) { called += status ? 100 : 1; });  // was never appended
  ASSERT_TRUE(recorder->close().has_value());
  recorder->when_durable(0, [&](Status status) { called += status ? 1 : 100; });
  EXPECT_EQ(called, 52);
}

TEST(Recorder, in_interval_mode_nobody_hastens_the_commit) {
  FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.mode = Mode::kInterval;
  options.commit_interval_ms = 60;
  auto recorder = world.start(disk, options);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(recorder->wait_durable(*recorder->append(event("x"))).has_value());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
  options.mode = Mode::kEffects;
  EXPECT_EQ(recorder->mode(), Mode::kInterval);
}

TEST(Recorder, a_closed_one_refuses) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  ASSERT_TRUE(recorder->close().has_value());
  ASSERT_TRUE(recorder->close().has_value());
  EXPECT_EQ(recorder->append(event("x")).error().code, ErrorCode::kClosed);
}

TEST(Recorder, a_full_disk_stops_appends_and_nothing_is_lost_when_space_returns) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  ASSERT_TRUE(recorder->wait_durable(*recorder->append(event("before"))).has_value());
  disk.fail_after(0, ENOSPC);
  const auto accepted = recorder->append(event("accepted"));
  ASSERT_TRUE(accepted.has_value());
  const Status waited = recorder->wait_durable(*accepted);
  ASSERT_FALSE(waited.has_value());
  EXPECT_EQ(waited.error().code, ErrorCode::kNoSpace);
  const auto rejected = recorder->append(event("rejected"));
  ASSERT_FALSE(rejected.has_value());
  EXPECT_EQ(rejected.error().code, ErrorCode::kNoSpace);
  EXPECT_FALSE(recorder->health().has_value());
  EXPECT_FALSE(recorder->stats().healthy);
  disk.mend();
  while (!recorder->health()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(*recorder->append(event("after")), *accepted + 1);
  ASSERT_TRUE(recorder->close().has_value());
  const auto all = entries_of(disk);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_NE(all[1].leaf.find("accepted"), std::string::npos);
  EXPECT_NE(all[2].leaf.find("after"), std::string::npos);
  EXPECT_TRUE(verified(disk).valid);
}

TEST(Recorder, closing_on_a_failing_disk_says_so_and_the_durable_entries_stay) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  ASSERT_TRUE(recorder->wait_durable(*recorder->append(event("before"))).has_value());
  disk.fail_after(0, EIO);
  ASSERT_TRUE(recorder->append(event("lost")).has_value());
  const Status closed = recorder->close();
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, ErrorCode::kIo);
  recorder.reset();
  disk.mend();
  auto again = world.open(disk);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_GE((*again)->stats().entries, 1U);
}

TEST(Recorder, a_full_queue_blocks_producers_and_loses_nothing) {
  FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.queue_bytes_max = kQueueBytesMin;
  options.segment_bytes = 1 << 20;
  auto recorder = world.start(disk, options);
  const std::string large(4000, 'x');
  for (int i = 0; i < 1000; ++i) {
    Event entry = event("x");
    entry.detail.text = large;
    ASSERT_EQ(*recorder->append(entry), static_cast<Index>(i));
  }
  ASSERT_TRUE(recorder->close().has_value());
  EXPECT_EQ(verified(disk).entries, 1000U);
}

TEST(Recorder, prunes_the_oldest_segments_and_what_is_left_still_verifies) {
  FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.disk_bytes_max = 4 * kSegmentSizeMin;
  auto recorder = world.start(disk, options);
  for (int i = 0; i < 3000; ++i) {
    const Index index = *recorder->append(intent("a"));
    ASSERT_TRUE(recorder->append(outcome(index, "a")).has_value());
  }
  ASSERT_TRUE(recorder->close().has_value());
  EXPECT_LE(recorder->stats().bytes, options.disk_bytes_max);
  const VerifyReport report = verified(disk);
  EXPECT_TRUE(report.valid) << report.problem << " " << report.position;
  EXPECT_LT(report.entries, 6000U);
  EXPECT_EQ(report.checkpoint_size, 6000U);
  EXPECT_GT(entries_of(disk).front().index, 0U);
  disk.erase("/log/pruned");
  EXPECT_FALSE(verified(disk).valid);
}

}  // namespace
}  // namespace agentos::recorder
