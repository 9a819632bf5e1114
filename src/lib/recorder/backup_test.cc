// A copy is a log that verifies, taken while another is written.
#include "lib/recorder/backup.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/random.h"
#include "lib/recorder/recorder.h"

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

}  // namespace
}  // namespace agentos::recorder
