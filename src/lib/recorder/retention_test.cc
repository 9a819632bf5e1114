// Segments whose entries are all older than they are to be kept go when the next one is begun; what is left verifies.
#include <gtest/gtest.h>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

using testing::FakeWorld;

constexpr std::int64_t kHourUs = 3'600'000'000;

void fill(Recorder& recorder, int count) {
  for (int i = 0; i < count; ++i) ASSERT_TRUE(recorder.append(testing::refused("a")).has_value());
  ASSERT_TRUE(recorder.wait_durable(recorder.stats().entries - 1).has_value());
}

TEST(Retention, what_is_older_than_it_is_kept_is_pruned) {
  FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.disk_bytes_max = 0;
  options.keep_us = 2 * kHourUs;
  auto recorder = world.start(disk, options);
  fill(*recorder, 12'000);
  const std::uint64_t young = recorder->stats().segments;
  EXPECT_GT(young, 3u) << "nothing is old yet";
  world.clock.advance_us(3 * kHourUs);
  fill(*recorder, 12'000);
  const std::uint64_t entries = recorder->stats().entries;
  ASSERT_TRUE(recorder->close().has_value());
  Index oldest = kNoIndex;
  ASSERT_TRUE(read_log_on(disk, "/log", {}, [&](const StoredEntry& entry) {
                oldest = std::min(oldest, entry.index);
                return true;
              }).has_value());
  EXPECT_GT(oldest, 1000u);
  EXPECT_LE(oldest, 12'000u) << "a segment with young entries stays";
  const auto report = verify_log_on(disk, "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem;
  EXPECT_EQ(report->checkpoint_size, entries);
}

TEST(Retention, without_an_age_nothing_goes) {
  FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.disk_bytes_max = 0;
  auto recorder = world.start(disk, options);
  fill(*recorder, 2000);
  world.clock.advance_us(1000 * kHourUs);
  fill(*recorder, 2000);
  ASSERT_TRUE(recorder->close().has_value());
  Index oldest = kNoIndex;
  ASSERT_TRUE(read_log_on(disk, "/log", {}, [&](const StoredEntry& entry) {
                oldest = std::min(oldest, entry.index);
                return true;
              }).has_value());
  EXPECT_EQ(oldest, 0u);
}

}  // namespace
}  // namespace agentos::recorder
