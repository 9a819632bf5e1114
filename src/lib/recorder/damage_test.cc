// Every octet of the last segment, changed or cut off: found with kind and place, by who verifies and by who opens it
// to write. What a power failure could have left behind the newest checkpoint is cut instead, and said.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/format.h"
#include "lib/recorder/segment_reader.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

using testing::event;
using testing::FakeWorld;
using testing::intent;
using testing::outcome;

// `make soak` asks for every octet; else every so many-th of the long stretches that are alike.
std::size_t stride(std::size_t usual) { return std::getenv("AGENTOS_DAMAGE_ALL") == nullptr ? usual : 1; }

// A closed log whose last segment has a header with subtree roots and open intents, whole leaves and differences.
struct DamagedLog {
  FakeWorld world;
  FakeDisk disk;
  std::string name, path, content;
  std::vector<std::size_t> frames;  // where each begins
  std::size_t end = 0;              // behind the last
  Index first = 0;

  DamagedLog() {
    auto recorder = world.start(disk);
    const std::string large(3900, 'd');  // so that what comes before the last segment is few entries
    Event filler = event("large");
    filler.detail.text = large;
    while (recorder->stats().segments < 3) EXPECT_TRUE(recorder->wait_durable(*recorder->append(filler)).has_value());
    for (int i = 0; i < 40; ++i) {
      const Index index = *recorder->append(intent("a", i % 7 == 0 ? Effect::kExternal : Effect::kState));
      if (i % 7 != 0) EXPECT_TRUE(recorder->append(outcome(index, "a")).has_value());
      if (i % 5 == 0) EXPECT_TRUE(recorder->wait_durable(index).has_value());
    }
    EXPECT_TRUE(recorder->close().has_value());
    name = list_segments(disk, "/log")->back();
    path = "/log/" + name;
    first = *segment_first(name);
    content = disk.content(path);
    for (std::size_t at = kHeaderUnit;;) {
      const auto frame = decode_frame(std::string_view(content).substr(at));
      if (!frame) break;
      frames.push_back(at);
      at += frame->size;
      end = at;
    }
    EXPECT_GT(frames.size(), 20U);
  }

  // Where the damage of octet `at` is to be told.
  std::string place_of(std::size_t at) const {
    if (at < kHeaderUnit) return name + " offset 0";
    const auto behind = std::ranges::upper_bound(frames, at);
    if (at >= end) return name + " offset " + std::to_string(end);
    const auto nth = static_cast<std::size_t>(behind - frames.begin()) - 1;
    return name + " offset " + std::to_string(frames[nth]) + " (entry " + std::to_string(first + nth) + ")";
  }
  VerifyReport verify_with(std::string octets) {
    disk.set_content(path, std::move(octets));
    const auto report = verify_log_on(disk, "/log");
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report ? *report : VerifyReport{};
  }
};

TEST(Damage, of_any_bit_of_the_last_segment_is_found_with_kind_and_place) {
  DamagedLog log;
  EXPECT_TRUE(log.verify_with(log.content).valid);
  std::size_t tried = 0;
  for (std::size_t at = 0; at < log.content.size();) {
    const unsigned bits = std::getenv("AGENTOS_DAMAGE_ALL") == nullptr ? 1 : 8;
    for (unsigned bit = 0; bit < bits; ++bit, ++tried) {
      std::string octets = log.content;
      octets[at] = static_cast<char>(octets[at] ^ (1 << (bits == 1 ? at % 8 : bit)));
      const VerifyReport report = log.verify_with(std::move(octets));
      ASSERT_FALSE(report.valid) << at << " bit " << bit;
      ASSERT_EQ(report.kind, at < kHeaderUnit ? "segment" : "tail") << at << " bit " << bit;
      ASSERT_TRUE(report.position.starts_with(log.place_of(at))) << at << ": " << report.position;
    }
    const bool dense = at < 64 || (at >= log.frames[3] && at < log.frames[5]);
    at += dense ? 1 : stride(at < log.end ? 61 : 509);
  }
  EXPECT_GT(tried, 300U);
}

TEST(Damage, that_cuts_the_last_segment_anywhere_is_found) {
  DamagedLog log;
  for (std::size_t size = 0; size < log.content.size();) {
    const VerifyReport report = log.verify_with(log.content.substr(0, size));
    ASSERT_FALSE(report.valid) << size;
    ASSERT_EQ(report.kind, size < kHeaderUnit ? "segment" : "header") << size;
    ASSERT_TRUE(report.position.starts_with(log.name + " offset 0")) << size << ": " << report.position;
    size += stride(size > log.frames[3] && size < log.frames[4] ? 1 : 509);
  }
}

// Who writes the log refuses what no power failure explains; behind the last entry there is nothing that was promised.
TEST(Damage, of_what_a_checkpoint_covers_is_refused_by_who_opens_the_log) {
  DamagedLog made;
  for (std::size_t at = 0; at < made.content.size(); at += stride(at < made.end ? 331 : 4099)) {
    for (const bool cut : {false, true}) {
      const auto disk = made.disk.copy();
      FakeWorld world;
      std::string octets = made.content;
      if (cut) octets.resize(at);
      if (!cut) octets[at] = static_cast<char>(octets[at] ^ 0x10);
      disk->set_content(made.path, std::move(octets));
      const auto opened = world.open(*disk);
      if (at >= made.end) {  // cut, or filled up with the zeroes that were there
        ASSERT_TRUE(opened.has_value()) << at << ": " << opened.error().message;
        ASSERT_TRUE((*opened)->close().has_value());
        const auto report = verify_log_on(*disk, "/log");
        EXPECT_TRUE(report->valid) << at << ": " << report->problem;
        continue;
      }
      ASSERT_FALSE(opened.has_value()) << at;
      const bool version = !cut && at >= 8 && at < 12;
      EXPECT_EQ(opened.error().code, version ? ErrorCode::kUnsupported : ErrorCode::kCorrupt)
          << at << ": " << opened.error().message;
      EXPECT_NE(opened.error().message.find(made.name), std::string::npos) << at << ": " << opened.error().message;
    }
  }
}

}  // namespace
}  // namespace agentos::recorder
