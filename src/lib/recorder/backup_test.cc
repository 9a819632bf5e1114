// A copy is a log that verifies, taken while another is written.
#include "lib/recorder/backup.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/format.h"
#include "lib/recorder/note.h"
#include "lib/recorder/recorder.h"
#include "lib/recorder/test_entries.h"
#include "lib/recorder/tile_builder.h"

namespace agentos::recorder {
namespace {

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string place = ::testing::TempDir() + "backup_test.XXXXXX";
    ASSERT_NE(mkdtemp(place.data()), nullptr);
    folder_ = place;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Recorder> start(std::uint64_t disk_bytes_max = 0) {
    Options options;
    options.directory = log();
    options.segment_bytes = 64 << 10;
    options.disk_bytes_max = disk_bytes_max;
    auto recorder = Recorder::open(options, clock_, random_);
    EXPECT_TRUE(recorder.has_value());
    return std::move(*recorder);
  }
  static void append(Recorder& recorder, int count) {
    Refused entry;
    entry.agent = "a-1";
    entry.step = "policy";
    for (int i = 0; i < count; ++i) {
      entry.time_us = i;
      const std::string text = "{\"path\":\"/state/" + std::to_string(i) + "\"}";
      entry.arguments.text = text;
      EXPECT_TRUE(recorder.append(entry).has_value());
    }
  }
  std::string log() const { return folder_ + "/log"; }
  std::string copy() const { return folder_ + "/copy"; }

  std::string folder_;
  RealClock clock_;
  SystemRandom random_;
};

TEST_F(BackupTest, a_copy_has_what_was_durable_and_no_keys) {
  auto recorder = start();
  append(*recorder, 3000);
  ASSERT_TRUE(recorder->wait_durable(2999).has_value());
  const auto report = back_up_log(log(), copy(), BackupKeys::kLeftOut);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_GE(report->verified.entries, 3000u);
  EXPECT_TRUE(std::filesystem::exists(copy() + "/checkpoint"));
  for (const char* secret : {"log.key", "salt.key", "lock"})
    EXPECT_FALSE(std::filesystem::exists(copy() + "/" + secret));
  EXPECT_EQ(std::filesystem::status(copy()).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(BackupTest, a_copy_taken_while_writing_and_pruning_verifies) {
  auto recorder = start(4 << 20);
  std::atomic<bool> stop{false};
  std::thread writing([&] {
    while (!stop) {
      append(*recorder, 50);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the newest checkpoint is a second old at most
    }
  });
  int good = 0;
  for (int i = 0; i < 10; ++i) {
    const auto report = back_up_log(log(), copy() + std::to_string(i), BackupKeys::kLeftOut);
    if (report) {
      ++good;
      EXPECT_TRUE(report->verified.valid);
    } else {
      EXPECT_EQ(report.error().code, ErrorCode::kBusy) << report.error().message;
      EXPECT_FALSE(std::filesystem::exists(copy() + std::to_string(i)));
    }
  }
  stop = true;
  writing.join();
  EXPECT_GT(good, 0);
}

TEST_F(BackupTest, with_its_keys_a_copy_can_be_written_on) {
  auto recorder = start();
  append(*recorder, 10);
  ASSERT_TRUE(recorder->close().has_value());
  ASSERT_TRUE(back_up_log(log(), copy(), BackupKeys::kCopied).has_value());
  Options options;
  options.directory = copy();
  auto second = Recorder::open(options, clock_, random_);
  ASSERT_TRUE(second.has_value()) << second.error().message;
  append(**second, 1);
  ASSERT_TRUE((*second)->close().has_value());
  EXPECT_TRUE(verify_log(copy())->valid);
}

TEST_F(BackupTest, nothing_is_left_of_a_copy_that_cannot_be_made) {
  EXPECT_EQ(back_up_log(log(), copy(), BackupKeys::kLeftOut).error().code, ErrorCode::kNotFound);
  {
    auto recorder = start();
    append(*recorder, 500);
  }
  std::filesystem::create_directories(copy() + "/taken");
  EXPECT_EQ(back_up_log(log(), copy(), BackupKeys::kLeftOut).error().code, ErrorCode::kAlreadyExists);
  std::filesystem::remove_all(copy());
  for (const auto& entry : std::filesystem::directory_iterator(log())) {
    if (!entry.path().filename().string().starts_with("segment-0")) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5000);
    file.put('X');
    break;
  }
  EXPECT_EQ(back_up_log(log(), copy(), BackupKeys::kLeftOut).error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(copy()));
  EXPECT_FALSE(std::filesystem::exists(copy() + ".partial"));
}

TEST_F(BackupTest, of_a_log_that_is_corrupt_while_it_is_written_says_so_and_does_not_try_again) {
  auto recorder = start();
  append(*recorder, 500);
  ASSERT_TRUE(recorder->wait_durable(499).has_value());
  std::fstream file(log() + "/" + segment_name(0), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(5000);
  file.put('X');
  file.close();
  const auto report = back_up_log(log(), copy(), BackupKeys::kLeftOut);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(report.error().message.find("the log itself does not verify"), std::string::npos) << report.error().message;
  EXPECT_NE(report.error().message.find(segment_name(0) + " offset"), std::string::npos) << report.error().message;
  EXPECT_FALSE(std::filesystem::exists(copy()));
  EXPECT_FALSE(std::filesystem::exists(copy() + ".partial"));
}

// A closed log with whole content and tiles, which lie in folders of their own.
constexpr int kWholeContents = 12;

std::unique_ptr<FakeDisk> log_with_folders() {
  testing::FakeWorld world;
  auto disk = std::make_unique<FakeDisk>();
  Options options = world.options();
  options.content = Content::kWhole;
  auto recorder = world.start(*disk, options);
  Event entry = testing::event("large");
  for (int i = 0; i < kWholeContents; ++i) {
    const std::string whole(kOpeningSizeMax + 1 + static_cast<std::size_t>(i), 'w');
    entry.detail.text = whole;
    EXPECT_TRUE(recorder->append(entry).has_value());
  }
  EXPECT_TRUE(recorder->close().has_value());
  recorder.reset();
  const auto key = parse_verifier(disk->content("/log/log.pub"));
  const auto checkpoint = open_checkpoint(*key, disk->content("/log/checkpoint"));
  EXPECT_TRUE(build_tiles(*disk, "/log", *checkpoint, TileContent::kHashesAndEntries).has_value());
  return disk;
}

// Without the sync of any copied file, or of any folder, this finds a copy that lacks something.
TEST(PowerFailure, at_any_moment_of_a_backup_leaves_no_copy_or_all_of_it) {
  const auto before = log_with_folders();
  const auto whole = before->copy();
  ASSERT_TRUE(whole->make_directory("/copies").has_value());
  const std::uint64_t made = whole->changes();
  const auto report = back_up_log_on(*whole, "/log", "/copies/copy", BackupKeys::kLeftOut);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  ASSERT_EQ(report->verified.blobs, static_cast<std::uint64_t>(kWholeContents));
  ASSERT_GT(report->verified.tiles, 0U);
  const std::uint64_t total = whole->changes() - made;
  ASSERT_GT(total, 60U);
  for (std::uint64_t at = 0; at <= total; ++at) {
    const auto disk = before->copy();
    ASSERT_TRUE(disk->make_directory("/copies").has_value());
    disk->fail_after(at, EIO);
    const bool copied = back_up_log_on(*disk, "/log", "/copies/copy", BackupKeys::kLeftOut).has_value();
    EXPECT_EQ(copied, at == total) << at;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const auto after = disk->after_power_failure(seed);
      if (copied) ASSERT_TRUE(after->exists("/copies/copy")) << at << " " << seed;
      if (!after->exists("/copies/copy")) continue;
      const auto verified = verify_log_on(*after, "/copies/copy");
      ASSERT_TRUE(verified.has_value()) << at << " " << seed << ": " << verified.error().message;
      EXPECT_TRUE(verified->valid) << at << " " << seed << ": " << verified->problem << " " << verified->position;
      EXPECT_EQ(verified->blobs, report->verified.blobs) << at << " " << seed;
      EXPECT_EQ(verified->tiles, report->verified.tiles) << at << " " << seed;
      EXPECT_EQ(after->files_below("/copies/copy"), whole->files_below("/copies/copy")) << at << " " << seed;
    }
  }
}

}  // namespace
}  // namespace agentos::recorder
