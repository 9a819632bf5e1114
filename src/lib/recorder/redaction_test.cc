// Content that was taken out is nowhere, everything that was signed still holds, and a power failure loses neither.
#include "lib/recorder/redaction.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "lib/recorder/blob.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/log_proof.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

constexpr std::string_view kSecret = R"({"token":"hunter2-hunter2-hunter2"})";
constexpr Index kSecretAt = 57;

// A closed log with the secret in one entry, and a longer one kept in a blob in the next.
std::unique_ptr<FakeDisk> log_with_secrets() {
  testing::FakeWorld world;
  auto disk = std::make_unique<FakeDisk>();
  Options options = world.options();
  options.content = Content::kWhole;
  auto recorder = world.start(*disk, options);
  const std::string longer = "{\"text\":\"" + std::string(9000, 's') + "\"}";
  for (Index i = 0; i < 400; ++i) {
    Intent intent = testing::intent("a");
    if (i == kSecretAt) intent.arguments.text = kSecret;
    if (i == kSecretAt + 1) intent.arguments.text = longer;
    EXPECT_EQ(*recorder->append(intent), i);
  }
  EXPECT_TRUE(recorder->close().has_value());
  return disk;
}

bool anywhere(const FakeDisk& disk, const std::string& directory, std::string_view text) {
  for (const std::string& name : disk.files_below(directory))
    if (disk.content(directory + "/" + name).find(text) != std::string::npos) return true;
  return false;
}

void expect_valid(FakeDisk& disk, const std::string& directory, std::uint64_t openings) {
  const auto report = verify_log_on(disk, directory);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem << " " << report->position;
  EXPECT_EQ(report->openings, openings);
}

TEST(Redaction, what_is_erased_is_nowhere_and_proofs_hold) {
  const auto disk = log_with_secrets();
  ASSERT_TRUE(anywhere(*disk, "/log", kSecret));
  const auto before = make_inclusion(*disk, "/log", kSecretAt);
  const auto done = erase_openings(*disk, "/log", {kSecretAt, kSecretAt + 1, 399, 4000});
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->openings, 3U);
  EXPECT_EQ(done->without, 1U);
  EXPECT_EQ(done->blobs, 1U);
  EXPECT_FALSE(anywhere(*disk, "/log", kSecret));
  EXPECT_FALSE(anywhere(*disk, "/log", std::string(600, 's')));
  EXPECT_FALSE(disk->exists("/log/erasing"));
  expect_valid(*disk, "/log", 397);
  const auto after = make_inclusion(*disk, "/log", kSecretAt);
  EXPECT_EQ(inclusion_text(after->file), inclusion_text(before->file));
  EXPECT_EQ(erase_openings(*disk, "/log", {kSecretAt})->openings, 0U);  // again: nothing
}

// Two entries with the same long content.
std::unique_ptr<FakeDisk> log_with_shared_content() {
  testing::FakeWorld world;
  auto disk = std::make_unique<FakeDisk>();
  Options options = world.options();
  options.content = Content::kWhole;
  const auto recorder = world.start(*disk, options);
  const std::string longer = "{\"text\":\"" + std::string(9000, 's') + "\"}";
  for (Index i = 0; i < 3; ++i) {
    Intent intent = testing::intent("a");
    if (i != 1) intent.arguments.text = longer;
    EXPECT_EQ(*recorder->append(intent), i);
  }
  EXPECT_TRUE(recorder->close().has_value());
  return disk;
}

TEST(Redaction, content_that_another_entry_keeps_stays_until_that_is_erased_too) {
  const auto disk = log_with_shared_content();
  const auto first = erase_openings(*disk, "/log", {0});
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->blobs, 0U);
  EXPECT_EQ(first->shared, 1U);
  EXPECT_EQ(first->shared_by, 2U);
  expect_valid(*disk, "/log", 2);
  const auto second = erase_openings(*disk, "/log", {2});
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->blobs, 1U);
  EXPECT_EQ(second->shared, 0U);
  EXPECT_EQ(disk->files_below("/log/blob"), std::vector<std::string>());
  expect_valid(*disk, "/log", 1);
  const auto both = log_with_shared_content();
  EXPECT_EQ(erase_openings(*both, "/log", {0, 2})->blobs, 1U);
}

TEST(Redaction, whole_content_is_missed_unless_its_entry_was_erased_or_withheld) {
  const auto disk = log_with_shared_content();
  const auto copied = copy_without(*disk, "/log", "/copy", {1});
  ASSERT_TRUE(copied.has_value());
  EXPECT_EQ(disk->files_below("/copy/blob").size(), 1U);
  expect_valid(*disk, "/copy", 2);
  ASSERT_TRUE(copy_without(*disk, "/log", "/bare", {}).has_value());
  expect_valid(*disk, "/bare", 0);
  disk->erase("/log/blob/" + disk->files_below("/log/blob").front());
  const auto report = verify_log_on(*disk, "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->kind, "absent");
  EXPECT_NE(report->position.find("(entry 0)"), std::string::npos) << report->position;
}

TEST(Redaction, a_copy_lacks_what_is_withheld_and_the_log_keeps_it) {
  const auto disk = log_with_secrets();
  ASSERT_TRUE(copy_without(*disk, "/log", "/copy", {kSecretAt}).has_value());
  EXPECT_FALSE(anywhere(*disk, "/copy", kSecret));
  EXPECT_TRUE(anywhere(*disk, "/log", kSecret));
  expect_valid(*disk, "/copy", 399);
  for (std::uint64_t seed = 0; seed < 4; ++seed) expect_valid(*disk->after_power_failure(seed), "/copy", 399);
  EXPECT_FALSE(disk->exists("/copy/log.key"));
  EXPECT_EQ(copy_without(*disk, "/log", "/copy", {}).error().code, ErrorCode::kAlreadyExists);
  const auto all = copy_without(*disk, "/log", "/bare", {});
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->openings, 400U);
  expect_valid(*disk, "/bare", 0);
  EXPECT_EQ(disk->files_below("/bare/blob"), std::vector<std::string>());
}

// Erases through the recorder that writes the log.
Result<Redacted> erase_live(Recorder& recorder, std::set<Index> entries) {
  std::promise<Result<Redacted>> told;
  recorder.erase(std::move(entries), [&](Result<Redacted> done) { told.set_value(std::move(done)); });
  return told.get_future().get();
}

Intent large_intent(const std::string& text) {
  Intent intent = testing::intent("a");
  intent.arguments.text = text;
  return intent;
}

TEST(LiveRedaction, content_goes_while_the_log_is_written_and_what_comes_later_is_kept) {
  testing::FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.content = Content::kWhole;
  options.checkpoint_interval_ms = 1;
  auto recorder = world.start(disk, options);
  const std::string longer = "{\"text\":\"" + std::string(9000, 's') + "\"}";
  std::atomic<bool> stop{false};
  std::thread writing([&] {
    while (!stop) {
      EXPECT_TRUE(recorder->append(testing::intent("b")).has_value());
      world.clock.advance_us(1000);
      std::this_thread::sleep_for(std::chrono::microseconds(500));  // so that the log stays short
    }
  });
  std::vector<Index> erased;
  for (int i = 0; i < 10; ++i) {
    const Index secret = *recorder->append(large_intent(std::string(kSecret)));
    const Index whole = *recorder->append(large_intent(longer));
    const auto done = erase_live(*recorder, {secret, whole});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_EQ(done->openings, 2U);
    EXPECT_EQ(done->blobs, 1U);
    const auto now = disk.copy();
    EXPECT_FALSE(anywhere(*now, "/log", kSecret));
    EXPECT_FALSE(anywhere(*now, "/log", std::string(600, 's')));
    const auto report = verify_log_on(disk, "/log");
    ASSERT_TRUE(report.has_value());
    EXPECT_TRUE(report->valid) << report->kind << " " << report->problem << " " << report->position;
  }
  const Index again = *recorder->append(large_intent(longer));
  EXPECT_EQ(erase_live(*recorder, {again + 1'000'000}).error().code, ErrorCode::kInvalidArgument);
  stop = true;
  writing.join();
  const Index newest = *recorder->append(testing::intent("c"));
  EXPECT_EQ(erase_live(*recorder, {newest})->openings, 1U);
  EXPECT_EQ(erase_live(*recorder, {newest})->without, 1U) << "again: nothing";
  ASSERT_TRUE(recorder->close().has_value());
  EXPECT_EQ(erase_live(*recorder, {1}).error().code, ErrorCode::kClosed);
  const auto report = verify_log_on(disk, "/log");
  EXPECT_TRUE(report->valid) << report->problem << " " << report->position;
  EXPECT_EQ(report->blobs, 1U);
}

TEST(LiveRedaction, content_that_is_put_again_meanwhile_stays) {
  testing::FakeWorld world;
  FakeDisk disk;
  Options options = world.options();
  options.content = Content::kWhole;
  auto recorder = world.start(disk, options);
  const std::string longer = "{\"text\":\"" + std::string(9000, 's') + "\"}";
  std::atomic<bool> stop{false};
  std::thread writing([&] {
    while (!stop) {
      EXPECT_TRUE(recorder->append(large_intent(longer)).has_value());
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  });
  for (Index i = 0; i < 20; ++i) {
    while (recorder->stats().entries <= i) std::this_thread::yield();
    const auto done = erase_live(*recorder, {i});
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  stop = true;
  writing.join();
  ASSERT_TRUE(recorder->close().has_value());
  const auto report = verify_log_on(disk, "/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->kind << " " << report->problem << " " << report->position;
}

TEST(LiveRedaction, a_power_failure_anywhere_leaves_a_good_log) {
  const auto work = [](FakeDisk& disk) {
    testing::FakeWorld world;
    Options options = world.options();
    options.content = Content::kWhole;
    options.commit_interval_ms = 1000;
    auto recorder = world.open(disk, options);
    if (!recorder) return false;
    const std::string longer = "{\"text\":\"" + std::string(9000, 's') + "\"}";
    for (const std::string_view text : {kSecret, std::string_view(longer), kSecret})
      if (!(*recorder)->append(large_intent(std::string(text)))) return false;
    const bool erased = erase_live(**recorder, {0, 1}).has_value();
    return (*recorder)->append(testing::event("after")).has_value() && (*recorder)->close().has_value() && erased;
  };
  FakeDisk counting;
  ASSERT_TRUE(work(counting));
  ASSERT_GT(counting.changes(), 40U);
  for (std::uint64_t point = 0; point <= counting.changes(); ++point) {
    FakeDisk disk;
    disk.fail_after(point, 5);
    const bool erased = work(disk);
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const auto after = disk.after_power_failure(seed);
      testing::FakeWorld world;
      ASSERT_TRUE(world.open(*after).has_value()) << point << " " << seed;
      const auto report = verify_log_on(*after, "/log");
      ASSERT_TRUE(report.has_value());
      EXPECT_TRUE(report->valid) << point << " " << seed << " " << report->problem;
      if (erased) EXPECT_EQ(report->openings, 2U) << "the third intent and the event";
    }
  }
}

TEST(Redaction, a_log_that_is_written_is_not_erased_in) {
  testing::FakeWorld world;
  FakeDisk disk;
  const auto recorder = world.start(disk);
  EXPECT_EQ(erase_openings(disk, "/log", {0}).error().code, ErrorCode::kBusy);
}

// Without the sync of the file `erasing`, or of the frame before that goes, this finds a log that is damaged.
TEST(Redaction, a_power_failure_anywhere_leaves_a_good_log_and_the_work_can_be_finished) {
  const auto before = log_with_secrets();
  const auto counting = before->copy();
  ASSERT_TRUE(erase_openings(*counting, "/log", {kSecretAt, kSecretAt + 1, 300}).has_value());
  const std::uint64_t changes = counting->changes();
  for (std::uint64_t point = 0; point <= changes; ++point) {
    const auto disk = before->copy();
    disk->fail_after(point, 5);
    const bool erased = erase_openings(*disk, "/log", {kSecretAt, kSecretAt + 1, 300}).has_value();
    EXPECT_EQ(erased, point == changes);
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const auto after = disk->after_power_failure(seed);
      if (erased) {
        EXPECT_FALSE(anywhere(*after, "/log", kSecret)) << seed;
        EXPECT_FALSE(after->exists("/log/erasing")) << seed;
      }
      const auto unfinished = verify_log_on(*after, "/log");  // and before anybody finishes it
      ASSERT_TRUE(unfinished.has_value()) << unfinished.error().message;
      EXPECT_TRUE(unfinished->valid) << point << " " << seed << " " << unfinished->problem;
      testing::FakeWorld world;
      {
        const auto opened = world.open(*after);
        ASSERT_TRUE(opened.has_value()) << point << " " << seed << " " << opened.error().message;
      }
      const auto report = verify_log_on(*after, "/log");
      EXPECT_TRUE(report->valid) << point << " " << seed << " " << report->problem;
      ASSERT_TRUE(erase_openings(*after, "/log", {kSecretAt, kSecretAt + 1, 300}).has_value());
      EXPECT_FALSE(anywhere(*after, "/log", kSecret));
    }
  }
}

TEST(Blob, is_kept_once_by_its_digest_and_checked_when_read) {
  FakeDisk disk;
  const std::string content(5000, 'b');
  const auto digest = crypto::sha256(content);
  ASSERT_TRUE(put_blob(disk, "/log", content).has_value());
  const auto changes = disk.changes();
  ASSERT_TRUE(put_blob(disk, "/log", content).has_value());
  EXPECT_EQ(disk.changes(), changes + 1) << "the folder is synced, and nothing is written";
  EXPECT_EQ(read_blob(disk, "/log", digest).value_or(""), content);
  disk.set_content("/log/" + blob_name(digest), content + "x");
  EXPECT_EQ(read_blob(disk, "/log", digest).error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(erase_blob(disk, "/log", digest).has_value());
  EXPECT_TRUE(erase_blob(disk, "/log", digest).has_value());
  EXPECT_EQ(read_blob(disk, "/log", digest).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(put_blob(disk, "/log", std::string(kBlobSizeMax + 1, 'x')).error().code, ErrorCode::kTooLarge);
}

TEST(Blob, that_was_erased_is_neither_left_on_the_disk_nor_back_after_a_power_failure) {
  FakeDisk disk;
  const std::string content(5000, 'b');
  ASSERT_TRUE(put_blob(disk, "/log", content).has_value());
  ASSERT_TRUE(erase_blob(disk, "/log", crypto::sha256(content)).has_value());
  ASSERT_FALSE(disk.left_behind().empty());
  for (const std::string& octets : disk.left_behind()) EXPECT_EQ(octets.find("bbbb"), std::string::npos);
  for (std::uint64_t seed = 0; seed < 8; ++seed)
    EXPECT_EQ(disk.after_power_failure(seed)->files_below("/log"), std::vector<std::string>()) << seed;
}

// Without the sync of its lost name, this finds the name on content that was overwritten.
TEST(Blob, that_is_put_again_after_an_interrupted_erasing_is_whole) {
  const std::string content(5000, 'b');
  FakeDisk before;
  ASSERT_TRUE(put_blob(before, "/log", content).has_value());
  bool done = false;
  for (std::uint64_t point = 0; !done; ++point) {
    const auto disk = before.copy();
    disk->fail_after(point, 5);
    done = erase_blob(*disk, "/log", crypto::sha256(content)).has_value();
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
      const auto after = disk->after_power_failure(seed);
      ASSERT_TRUE(put_blob(*after, "/log", content).has_value());
      EXPECT_TRUE(read_blob(*after, "/log", crypto::sha256(content)).has_value()) << point << " " << seed;
    }
  }
}

TEST(Blob, one_that_an_entry_names_is_whole_after_a_power_failure) {
  for (std::uint64_t point = 0; point < 8; ++point) {
    FakeDisk disk;
    const std::string content(5000, 'b');
    disk.fail_after(point, 5);
    const bool put = put_blob(disk, "/log", content).has_value();
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const auto after = disk.after_power_failure(seed);
      const auto read = read_blob(*after, "/log", crypto::sha256(content));
      EXPECT_TRUE(read ? *read == content : !put && read.error().code == ErrorCode::kNotFound) << point << " " << seed;
    }
  }
}

}  // namespace
}  // namespace agentos::recorder
