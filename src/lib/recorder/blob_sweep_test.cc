// What pruning leaves of whole content goes, and nothing that is named or about to be.
#include "lib/recorder/blob_sweep.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "lib/recorder/blob.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

using testing::FakeWorld;

std::string whole_content(int number) { return std::string(kOpeningSizeMax + 1, 'w') + std::to_string(number); }

std::string path_of_content(const std::string& content) { return "/log/" + blob_name(crypto::sha256(content)); }

bool always() { return true; }

Result<Index> append_whole(Recorder& recorder, const std::string& content) {
  Event entry = testing::event("large");
  entry.detail.text = content;
  return recorder.append(entry);
}

Options keeping(const FakeWorld& world) {
  Options options = world.options();
  options.content = Content::kWhole;
  return options;
}

TEST(BlobSweep, removes_what_no_entry_names_and_what_interrupted_puts_left) {
  FakeWorld world;
  FakeDisk disk;
  const auto recorder = world.start(disk, keeping(world));
  ASSERT_TRUE(append_whole(*recorder, whole_content(1)).has_value());
  ASSERT_TRUE(recorder->close().has_value());
  ASSERT_TRUE(put_blob(disk, "/log", whole_content(2)).has_value());
  const std::string left = path_of_content(whole_content(1)) + ".7.tmp";
  disk.set_content(left, "half");
  BlobUses uses;
  uses.begin_sweep();
  EXPECT_EQ(sweep_blobs(disk, "/log", uses, always).value(), 2U);
  EXPECT_TRUE(disk.exists(path_of_content(whole_content(1))));
  EXPECT_FALSE(disk.exists(path_of_content(whole_content(2))));
  EXPECT_FALSE(disk.exists(left));
}

TEST(BlobPut, that_found_its_content_there_is_durable_too) {
  const std::string content = whole_content(1);
  int found = 0;
  for (std::uint64_t step = 0; step < 12; ++step) {
    FakeDisk disk;
    disk.fail_after(step, EIO);
    if (put_blob(disk, "/log", content).has_value()) continue;
    disk.mend();
    found += disk.exists(path_of_content(content)) ? 1 : 0;  // named, but its folder was not synced
    ASSERT_TRUE(put_blob(disk, "/log", content).has_value()) << "after a failure at step " << step;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      const auto later = disk.after_power_failure(seed);
      EXPECT_TRUE(read_blob(*later, "/log", crypto::sha256(content)).has_value()) << step << " " << seed;
    }
  }
  EXPECT_GT(found, 0);
}

TEST(BlobSweep, leaves_what_is_in_use_or_was_since_it_began) {
  FakeWorld world;
  FakeDisk disk;
  ASSERT_TRUE(world.start(disk)->close().has_value());
  const auto name = [](int number) { return crypto::hex(crypto::sha256(whole_content(number))); };
  for (int number = 1; number <= 3; ++number) ASSERT_TRUE(put_blob(disk, "/log", whole_content(number)).has_value());
  BlobUses uses;
  uses.begin(name(1));
  uses.begin(name(3));
  uses.end(name(3));  // before the sweep began
  uses.begin_sweep();
  uses.end(name(1));
  uses.begin(name(2));
  uses.end(name(2));
  EXPECT_EQ(sweep_blobs(disk, "/log", uses, always).value(), 1U);
  EXPECT_TRUE(disk.exists(path_of_content(whole_content(1))));
  EXPECT_TRUE(disk.exists(path_of_content(whole_content(2))));
  EXPECT_FALSE(disk.exists(path_of_content(whole_content(3))));
  uses.begin_sweep();
  EXPECT_EQ(sweep_blobs(disk, "/log", uses, always).value(), 2U);
}

TEST(BlobSweep, of_a_log_that_cannot_be_read_removes_nothing) {
  FakeWorld world;
  FakeDisk disk;
  const auto recorder = world.start(disk, keeping(world));
  while (recorder->stats().segments < 2) ASSERT_TRUE(append_whole(*recorder, whole_content(1)).has_value());
  ASSERT_TRUE(recorder->close().has_value());
  const std::string path = "/log/" + segment_name(0);
  std::string content = disk.content(path);
  content[kHeaderUnit + 60] ^= 1;
  disk.set_content(path, content);
  BlobUses uses;
  EXPECT_EQ(sweep_blobs(disk, "/log", uses, always).error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(disk.exists(path_of_content(whole_content(1))));
}

TEST(BlobSweep, follows_pruning_while_the_recorder_runs) {
  FakeWorld world;
  FakeDisk disk;
  Options options = keeping(world);
  options.checkpoint_interval_ms = 1;
  options.disk_bytes_max = 2 * options.segment_bytes;
  auto recorder = open_recorder(options, world.clock, world.random, disk, Preparation::kAhead);
  ASSERT_TRUE(recorder.has_value());
  const std::string early = whole_content(1), again = whole_content(2);
  ASSERT_TRUE(append_whole(**recorder, early).has_value());
  for (int round = 0; round < 2000 && disk.exists(path_of_content(early)); ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_whole(**recorder, again).has_value());
    world.clock.advance_us(10'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_FALSE(disk.exists(path_of_content(early)));
  EXPECT_TRUE(disk.exists(path_of_content(again)));
  ASSERT_TRUE((*recorder)->close().has_value());
  const auto report = verify_log_on(disk, "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem;
  EXPECT_EQ(report->blobs, 1U);
}

}  // namespace
}  // namespace agentos::recorder
