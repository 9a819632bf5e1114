// Power failures at every change of the disk, torn tails at every octet, and kill -9 of a real process.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

using testing::event;
using testing::FakeWorld;
using testing::intent;
using testing::outcome;

constexpr std::string_view kLog = "/log";
constexpr int kKills = 20;

// Large enough entries to fill segments with few of them.
Event filler(std::string_view name) {
  static const std::string detail(3900, 'd');
  Event entry = event(name);
  entry.detail.text = detail;
  return entry;
}

// What the recorder acknowledged before the power went.
struct Acknowledged {
  bool opened = false;
  Index durable = 0;  // entries before this one
  bool external = false;
};

// Small: several segments, a wait after each third entry. Large: one batch that is written in several pieces.
enum class Batches { kSmall, kLarge };

// Opens, appends, closes; stops at the first error.
Acknowledged work(FakeWorld& world, Disk& disk, Batches batches = Batches::kSmall) {
  Acknowledged seen;
  Options options = world.options();
  if (batches == Batches::kLarge) options.segment_bytes = kFirstSegmentBytes;
  options.disk_bytes_max = 3 * options.segment_bytes;  // pruning is part of it
  options.commit_interval_ms = 1000;                   // so that the disk changes only when the test asks
  auto recorder = world.open(disk, options);
  if (!recorder) return seen;
  seen.opened = true;
  const auto keep = [&](const Result<Index>& index) {
    if (!index || !(*recorder)->wait_durable(*index)) return false;
    seen.durable = *index + 1;
    return true;
  };
  if (!keep((*recorder)->append(intent("external", Effect::kExternal)))) return seen;
  seen.external = true;
  for (int i = 0; i < 60; ++i) {
    const auto index = (*recorder)->append(filler("e"));
    if (!index) return seen;
    const bool wait = batches == Batches::kSmall ? i % 3 == 0 : i == 59;
    if (wait && !keep(index)) return seen;
  }
  (void)(*recorder)->close();
  return seen;
}

void expect_survival(FakeDisk& disk, const Acknowledged& seen, const std::string& trace) {
  SCOPED_TRACE(trace);
  FakeWorld world;
  {
    auto recorder = world.open(disk);
    ASSERT_TRUE(recorder.has_value()) << recorder.error().message;
    EXPECT_GE((*recorder)->stats().entries, seen.durable);
    ASSERT_TRUE((*recorder)->append(event("again")).has_value());
    ASSERT_TRUE((*recorder)->close().has_value());
  }
  const auto report = verify_log_on(disk, std::string(kLog));
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_TRUE(report->valid) << report->problem << " " << report->position;
  if (seen.external && report->intents == 1) EXPECT_EQ(report->unknown, 1U);
}

void fail_at_every_change(Batches batches, Index durable_in_the_end) {
  std::uint64_t total = 0;
  {
    FakeWorld world;
    FakeDisk disk;
    ASSERT_EQ(work(world, disk, batches).durable, durable_in_the_end);
    total = disk.changes();
  }
  ASSERT_GT(total, 30U);
  for (std::uint64_t at = 0; at <= total; ++at) {
    FakeWorld world;
    FakeDisk disk;
    disk.fail_after(at, EIO);
    const Acknowledged seen = work(world, disk, batches);
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const std::string trace = "change " + std::to_string(at) + " seed " + std::to_string(seed);
      expect_survival(*disk.after_power_failure(seed), seen, trace);
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(PowerFailure, at_any_moment_leaves_everything_that_was_acknowledged_durable) {
  fail_at_every_change(Batches::kSmall, 59);
}

TEST(PowerFailure, within_a_large_batch_leaves_everything_that_was_acknowledged_durable) {
  fail_at_every_change(Batches::kLarge, 61);
}

// Without the sync between the new name of a pruned segment and its new content, this finds a segment whose name leads
// to other entries.
TEST(PowerFailure, while_the_room_of_pruned_segments_is_used_again_leaves_a_good_log) {
  const auto turn_over = [](FakeWorld& world, Disk& disk) {
    Options options = world.options();
    options.disk_bytes_max = 2 * options.segment_bytes;
    options.commit_interval_ms = 1000;
    Acknowledged seen;
    const auto recorder = world.open(disk, options);
    for (int i = 0; recorder && i < 120; ++i) {
      const auto index = (*recorder)->append(filler("e"));
      if (!index) break;
      if (i % 12 == 11 && !(*recorder)->wait_durable(*index)) break;
      if (i % 12 == 11) seen.durable = *index + 1;
    }
    return seen;
  };
  std::uint64_t total = 0;
  {
    FakeWorld world;
    FakeDisk disk;
    ASSERT_EQ(turn_over(world, disk).durable, 120U);
    total = disk.changes();
  }
  for (std::uint64_t at = 0; at <= total; ++at) {
    FakeWorld world;
    FakeDisk disk;
    disk.fail_after(at, EIO);
    const Acknowledged seen = turn_over(world, disk);
    for (std::uint64_t seed = 0; seed < 4; ++seed)
      expect_survival(*disk.after_power_failure(seed), seen, std::to_string(at) + " " + std::to_string(seed));
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(PowerFailure, during_recovery_is_recovered_from_too) {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    FakeWorld world;
    FakeDisk disk;
    disk.fail_after(60, EIO);
    const Acknowledged seen = work(world, disk);
    for (std::uint64_t at = 0; at < 14; ++at) {
      auto second = disk.after_power_failure(seed);
      second->fail_after(at, EIO);
      (void)world.open(*second);
      expect_survival(*second->after_power_failure(seed + at), seen, std::to_string(seed) + " " + std::to_string(at));
    }
  }
}

TEST(PowerFailure, after_closing_keeps_the_checkpoint_over_every_entry) {
  FakeWorld world;
  FakeDisk disk;
  auto recorder = world.start(disk);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(recorder->append(event("x")).has_value());
  ASSERT_TRUE(recorder->close().has_value());
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const auto report = verify_log_on(*disk.after_power_failure(seed), std::string(kLog));
    EXPECT_TRUE(report->valid) << report->problem;
    EXPECT_EQ(report->checkpoint_size, 10U);
  }
}

// What a killed writer left in the operating system's memory is read by the next one, but not yet durable.
TEST(PowerFailure, after_reopening_keeps_what_the_reopening_found_and_signed) {
  for (std::uint64_t at = 0; at < 60; ++at) {
    FakeWorld world;
    FakeDisk disk;
    disk.fail_after(at, EIO);
    (void)work(world, disk);
    disk.mend();
    ASSERT_TRUE(world.open(disk).has_value());
    FakeWorld second;
    const auto again = second.open(*disk.after_power_failure(0));
    ASSERT_TRUE(again.has_value()) << at << ": " << again.error().message;
  }
}

// A log of six entries in one segment, closed; then one further entry that no checkpoint covers.
struct SmallLog {
  FakeWorld world;
  std::unique_ptr<FakeDisk> disk;
  std::string path = std::string(kLog) + "/" + segment_name(0);
  std::string before, after;  // of the segment, without and with the last frame
  std::size_t end = 0;        // offset behind the last frame

  SmallLog() {
    FakeDisk first;
    auto recorder = world.start(first);
    for (int i = 0; i < 3; ++i) {
      const Index index = *recorder->append(intent("a"));
      EXPECT_TRUE(recorder->append(outcome(index, "a")).has_value());
    }
    EXPECT_TRUE(recorder->close().has_value());
    before = first.content(path);
    disk = first.copy();
    recorder.reset();
    recorder = world.start(first);
    EXPECT_TRUE(recorder->append(event("last")).has_value());
    EXPECT_TRUE(recorder->close().has_value());
    after = first.content(path);
    for (end = after.size(); end > 0 && after[end - 1] == 0;) --end;
  }
  std::size_t start() const {
    std::size_t at = before.size();
    while (at > 0 && before[at - 1] == 0) --at;
    return (at + 7) / 8 * 8;
  }
};

TEST(TornTail, at_every_octet_of_the_last_frame_is_cut_and_reported) {
  const SmallLog log;
  for (std::size_t cut = log.start(); cut <= log.end; ++cut) {
    auto disk = log.disk->copy();
    disk->set_content(log.path, log.after.substr(0, cut) + std::string(log.after.size() - cut, '\0'));
    const bool whole = cut == log.end, none = cut == log.start();
    std::uint64_t readable = 0;
    EXPECT_TRUE(read_log_on(*disk, std::string(kLog), {}, [&](const StoredEntry&) { return ++readable, true; }));
    EXPECT_EQ(readable, whole ? 7U : 6U) << cut;
    FakeWorld world;
    auto recorder = world.open(*disk);
    ASSERT_TRUE(recorder.has_value()) << cut << ": " << recorder.error().message;
    // The six that were closed; the seventh when it is whole; an event that tells of it, or of what was cut.
    EXPECT_EQ((*recorder)->stats().entries, none ? 6U : whole ? 8U : 7U) << cut;
    EXPECT_EQ((*recorder)->stats().recovery_us, none ? -1 : 0) << cut;
    ASSERT_TRUE((*recorder)->close().has_value());
    const auto report = verify_log_on(*disk, std::string(kLog));
    EXPECT_TRUE(report->valid) << cut << ": " << report->problem;
    EXPECT_EQ(report->recoveries, none ? 0U : 1U) << cut;
    if (whole) EXPECT_EQ(report->recovery, R"({"duration_us":0,"uncovered":1,"unknown":0})");
    if (!whole && !none) EXPECT_TRUE(report->recovery.starts_with(R"({"duration_us":0,"octets":)")) << report->recovery;
  }
}

TEST(TornTail, before_entries_that_prove_it_was_complete_is_damage) {
  const SmallLog log;
  auto disk = log.disk->copy();
  std::string content = log.after;
  content[kHeaderUnit + 40] ^= 1;  // in the leaf of entry 0
  disk->set_content(log.path, content);
  FakeWorld world;
  const auto recorder = world.open(*disk);
  ASSERT_FALSE(recorder.has_value());
  EXPECT_EQ(recorder.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(recorder.error().message.find(segment_name(0) + " offset 4096"), std::string::npos)
      << recorder.error().message;
  EXPECT_NE(recorder.error().hint.find("log verify"), std::string::npos);
}

TEST(TornTail, is_told_from_damage_by_what_was_written_later_even_without_a_checkpoint) {
  const SmallLog log;
  auto newer = log.disk->copy();
  FakeWorld world;
  {
    auto recorder = world.start(*newer);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(recorder->wait_durable(*recorder->append(event("later"))).has_value());
  }
  std::string content = newer->content(log.path);
  content[log.start() + 40] ^= 1;  // in entry 6, which was durable when entry 7 was written
  auto disk = log.disk->copy();
  disk->set_content(log.path, content);
  const auto recorder = world.open(*disk);
  ASSERT_FALSE(recorder.has_value());
  EXPECT_EQ(recorder.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(recorder.error().message.find("(entry 6)"), std::string::npos) << recorder.error().message;
  const auto read = read_log_on(*disk, std::string(kLog), {}, [](const StoredEntry&) { return true; });
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
}

TEST(Opening, refuses_a_log_whose_parts_were_taken_away) {
  const SmallLog log;
  for (const char* name : {"log.key", "checkpoint", "segment-00000000000000000000.log"}) {
    auto disk = log.disk->copy();
    disk->erase(std::string(kLog) + "/" + name);
    FakeWorld world;
    const auto recorder = world.open(*disk);
    ASSERT_FALSE(recorder.has_value()) << name;
    EXPECT_EQ(recorder.error().code, ErrorCode::kCorrupt) << name;
  }
}

TEST(Opening, refuses_a_log_of_a_newer_format) {
  const SmallLog log;
  auto disk = log.disk->copy();
  std::string content = log.before;
  content[8] = static_cast<char>(kFormatVersion + 1);
  disk->set_content(log.path, content);
  FakeWorld world;
  EXPECT_EQ(world.open(*disk).error().code, ErrorCode::kUnsupported);
}

// Appends until killed; reports each acknowledged index through `pipe_end`.
[[noreturn]] void append_forever(const std::string& directory, int pipe_end) {
  RealClock clock;
  SystemRandom random;
  Options options;
  options.directory = directory;
  options.segment_bytes = kSegmentSizeMin;
  auto recorder = Recorder::open(options, clock, random);
  if (!recorder) _exit(1);
  for (int i = 0;; ++i) {
    const auto index = (*recorder)->append(intent("child", Effect::kExternal));
    if (!index || ((i % 4) == 0 && !(*recorder)->wait_durable(*index))) _exit(2);
    if (i % 4 == 0 && ::write(pipe_end, &*index, sizeof(*index)) != sizeof(*index)) _exit(3);
    if (!(*recorder)->append(outcome(*index, "child"))) _exit(4);
  }
}

TEST(Kill, minus_nine_at_any_moment_keeps_every_acknowledged_entry) {
  char place[] = "/tmp/recorder_kill.XXXXXX";
  ASSERT_NE(mkdtemp(place), nullptr);
  const char* given = std::getenv("AGENTOS_KILLS");  // `make soak` says 500
  const int rounds = given == nullptr ? kKills : std::max(std::atoi(given), kKills);
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      append_forever(place, ends[1]);
    }
    ::close(ends[1]);
    Index acknowledged = 0, index = 0;
    const int reports = 2 + round % kKills * 5;
    for (int i = 0; i < reports && ::read(ends[0], &index, sizeof(index)) == sizeof(index); ++i) acknowledged = index;
    ::kill(child, SIGKILL);
    while (::read(ends[0], &index, sizeof(index)) == sizeof(index)) acknowledged = index;
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
    FakeWorld world;
    Options options;
    options.directory = place;
    options.segment_bytes = kSegmentSizeMin;
    auto recorder = Recorder::open(options, world.clock, world.random);
    ASSERT_TRUE(recorder.has_value()) << recorder.error().message;
    EXPECT_GT((*recorder)->stats().entries, acknowledged);
    ASSERT_TRUE((*recorder)->close().has_value());
    const auto report = verify_log(place);
    ASSERT_TRUE(report.has_value());
    EXPECT_TRUE(report->valid) << report->problem << " " << report->position;
    EXPECT_EQ(report->open_intents, 0U);
  }
  std::filesystem::remove_all(place);
}

}  // namespace
}  // namespace agentos::recorder
