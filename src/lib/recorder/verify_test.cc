// Tampering of every kind is found, and told with its place.
#include <gtest/gtest.h>

#include "lib/recorder/disk_log.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/note.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/segment_reader.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

using testing::event;
using testing::FakeWorld;
using testing::intent;
using testing::outcome;
using testing::refused;

const std::string kSegment = "/log/" + segment_name(0);

// A closed log of five entries.
std::unique_ptr<FakeDisk> small_log() {
  FakeWorld world;
  auto disk = std::make_unique<FakeDisk>();
  auto recorder = world.start(*disk);
  const Index index = *recorder->append(intent("a", Effect::kExternal));
  EXPECT_TRUE(recorder->append(refused("b")).has_value());
  EXPECT_TRUE(recorder->append(outcome(index, "a")).has_value());
  EXPECT_TRUE(recorder->append(event("policy")).has_value());
  EXPECT_TRUE(recorder->append(intent("a")).has_value());
  EXPECT_TRUE(recorder->close().has_value());
  return disk;
}

VerifyReport verified(FakeDisk& disk) {
  const auto report = verify_log_on(disk, "/log");
  EXPECT_TRUE(report.has_value());
  return report ? *report : VerifyReport{};
}

void expect_found(FakeDisk& disk, std::string_view problem, std::string_view position) {
  const VerifyReport report = verified(disk);
  EXPECT_FALSE(report.valid);
  EXPECT_NE(report.problem.find(problem), std::string::npos) << report.problem;
  EXPECT_NE(report.position.find(position), std::string::npos) << report.position;
}

// The frames of a segment, to be put together anew.
struct Parts {
  std::string header;
  std::vector<std::string> leaves;
  std::vector<std::string> salts, openings;
  std::size_t size = 0;

  explicit Parts(const std::string& content) : header(content.substr(0, kHeaderUnit)), size(content.size()) {
    std::string_view rest = std::string_view(content).substr(kHeaderUnit);
    WholeLeaves whole;
    for (auto frame = decode_frame(rest); frame; rest.remove_prefix(frame->size), frame = decode_frame(rest)) {
      leaves.emplace_back(whole.leaf_of(*frame).value());
      salts.emplace_back(frame->salt);
      openings.emplace_back(frame->opening);
    }
  }
  // With correct checksums, indexes and, when asked for, commitments: what somebody who knows the format would write.
  std::string content() const {
    std::string all = header;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      std::string frame(frame_size(leaves[i].size(), openings[i].size()), '\0');
      std::copy(leaves[i].begin(), leaves[i].end(), frame.begin() + kFrameHeaderSize);
      const std::string salted = salts[i] + openings[i];
      std::copy(salted.begin(), salted.end(), frame.begin() + static_cast<long>(kFrameHeaderSize + leaves[i].size()));
      FrameHeader header;
      header.index = i;
      header.stored_size = static_cast<std::uint32_t>(leaves[i].size());
      header.opening_size = static_cast<std::uint32_t>(openings[i].size());
      seal_frame(frame.data(), header);
      all += frame;
    }
    all.resize(size);
    return all;
  }
  void replace_in_leaf(std::size_t entry, std::string_view from, std::string_view to) {
    const auto at = leaves[entry].find(from);
    ASSERT_NE(at, std::string::npos) << leaves[entry];
    leaves[entry].replace(at, from.size(), to);
  }
  void commit_again(std::size_t entry, std::string_view key) {
    const auto at = leaves[entry].find(key) + key.size();
    write_commitment(crypto::sha256(salts[entry] + openings[entry]), leaves[entry].data() + at);
  }
};

TEST(Verify, finds_a_flipped_bit_in_every_octet_of_a_small_log) {
  const auto disk = small_log();
  ASSERT_TRUE(verified(*disk).valid) << verified(*disk).problem;
  for (const std::string& path : {kSegment, std::string("/log/checkpoint"), std::string("/log/log.pub")}) {
    const std::string content = disk->content(path);
    std::size_t end = content.size();
    while (end > 0 && content[end - 1] == 0) --end;
    for (std::size_t i = 0; i < content.size(); i += i < end + 64 ? 1 : 509) {
      std::string changed = content;
      changed[i] = static_cast<char>(changed[i] ^ (1 << (i % 8)));
      disk->set_content(path, changed);
      const auto report = verify_log_on(*disk, "/log");
      ASSERT_TRUE(report.has_value());
      EXPECT_FALSE(report->valid) << path << " " << i;
      EXPECT_FALSE(report->problem.empty() || report->position.empty());
    }
    disk->set_content(path, content);
  }
  EXPECT_TRUE(verified(*disk).valid);
}

TEST(Verify, finds_the_file_cut_off_at_every_octet) {
  const auto disk = small_log();
  const std::string content = disk->content(kSegment);
  for (std::size_t size = 0; size < content.size(); size += size < 8000 ? 1 : 997) {
    disk->set_content(kSegment, content.substr(0, size));
    EXPECT_FALSE(verified(*disk).valid) << size;
  }
}

TEST(Verify, finds_edited_fields_though_every_checksum_was_mended) {
  const auto disk = small_log();
  const Parts good(disk->content(kSegment));
  disk->set_content(kSegment, good.content());
  ASSERT_TRUE(verified(*disk).valid) << verified(*disk).problem;
  struct Edit {
    std::size_t entry;
    std::string_view from, to;
  };
  for (const Edit& edit :
       {Edit{0, "\"verdict\":\"allow\"", "\"verdict\":\"ask\""}, Edit{0, "write", "read_"},
        Edit{1, "no rule allows it", "it was a mistake"}, Edit{2, "\"status\":\"ok\"", "\"status\":\"error\""},
        Edit{3, "policy", "boot"}, Edit{4, "1700000000000000", "1600000000000000"}}) {
    Parts parts = good;
    parts.replace_in_leaf(edit.entry, edit.from, edit.to);
    disk->set_content(kSegment, parts.content());
    expect_found(*disk, "entries were replaced", "checkpoint");
  }
}

TEST(Verify, finds_edited_openings) {
  const auto disk = small_log();
  const Parts good(disk->content(kSegment));
  Parts parts = good;
  parts.openings[0] = R"({"path":"/state/other.md"})";
  disk->set_content(kSegment, parts.content());
  expect_found(*disk, "committed", segment_name(0) + " offset 4096 (entry 0)");
  parts.commit_again(0, "\"arguments\":\"");
  disk->set_content(kSegment, parts.content());
  expect_found(*disk, "entries were replaced", "checkpoint");
  parts = good;
  parts.openings[0].clear();  // withheld: still provable
  parts.salts[0].clear();
  disk->set_content(kSegment, parts.content());
  EXPECT_TRUE(verified(*disk).valid);
}

TEST(Verify, accepts_an_erased_opening_and_reads_none) {
  const auto disk = small_log();
  const Parts parts(disk->content(kSegment));
  std::string content = disk->content(kSegment);
  char* frame = content.data() + kHeaderUnit;
  std::fill_n(frame + kFrameHeaderSize + parts.leaves[0].size(), kSaltSize + parts.openings[0].size(), '\0');
  FrameHeader header;
  header.stored_size = static_cast<std::uint32_t>(parts.leaves[0].size());
  header.opening_size = static_cast<std::uint32_t>(parts.openings[0].size());
  header.flags = kFrameErased;
  seal_frame(frame, header);
  disk->set_content(kSegment, content);
  EXPECT_TRUE(verified(*disk).valid) << verified(*disk).problem;
  EXPECT_TRUE(read_log_on(*disk, "/log", {0, 0}, [](const StoredEntry& entry) {
    EXPECT_FALSE(entry.opening.has_value());
    return true;
  }));
}

TEST(Verify, finds_removed_reordered_and_added_entries) {
  const auto disk = small_log();
  const Parts good(disk->content(kSegment));
  const auto without = [&](std::size_t entry) {
    Parts parts = good;
    parts.leaves.erase(parts.leaves.begin() + static_cast<long>(entry));
    parts.salts.erase(parts.salts.begin() + static_cast<long>(entry));
    parts.openings.erase(parts.openings.begin() + static_cast<long>(entry));
    return parts.content();
  };
  disk->set_content(kSegment, without(4));
  expect_found(*disk, "its end was cut off", "entry 4");
  disk->set_content(kSegment, without(1));
  EXPECT_FALSE(verified(*disk).valid);
  Parts swapped = good;
  std::swap(swapped.leaves[3], swapped.leaves[4]);
  std::swap(swapped.salts[3], swapped.salts[4]);
  std::swap(swapped.openings[3], swapped.openings[4]);
  disk->set_content(kSegment, swapped.content());
  expect_found(*disk, "entries were replaced", "checkpoint");
  Parts doubled = good;
  doubled.leaves.push_back(good.leaves[2]);
  doubled.salts.push_back(good.salts[2]);
  doubled.openings.push_back(good.openings[2]);
  disk->set_content(kSegment, doubled.content());
  expect_found(*disk, "second outcome", "entry 5");
}

TEST(Verify, finds_outcomes_without_their_intent) {
  const auto disk = small_log();
  for (std::string_view other : {"\"intent\":1", "\"intent\":2", "\"intent\":9"}) {
    Parts parts(disk->content(kSegment));
    parts.replace_in_leaf(2, "\"intent\":0", other);
    const auto copy = disk->copy();
    copy->set_content(kSegment, parts.content());
    expect_found(*copy, "the outcome names", "entry 2");
  }
}

TEST(Verify, finds_leaves_that_are_not_canonical) {
  const auto disk = small_log();
  Parts parts(disk->content(kSegment));
  parts.replace_in_leaf(3, "{", "{ ");
  disk->set_content(kSegment, parts.content());
  expect_found(*disk, "not canonical", "entry 3");
}

TEST(Verify, finds_a_wiped_log_a_missing_checkpoint_and_missing_segments) {
  const auto disk = small_log();
  auto copy = disk->copy();
  copy->erase(kSegment);
  expect_found(*copy, "the segments are gone", "/log");
  copy = disk->copy();
  copy->erase("/log/checkpoint");
  expect_found(*copy, "missing", "checkpoint");
  copy = disk->copy();
  copy->set_content(kSegment, std::string(disk->content(kSegment).size(), '\0'));
  expect_found(*copy, "header", segment_name(0));
}

TEST(Verify, finds_a_whole_log_replaced_by_one_signed_with_another_key) {
  const auto disk = small_log();
  FakeWorld other_world;
  other_world.random = SeededRandom(99);
  FakeDisk other;
  auto recorder = other_world.start(other);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(recorder->append(event("forged")).has_value());
  EXPECT_TRUE(recorder->close().has_value());
  disk->set_content(kSegment, other.content(kSegment));
  expect_found(*disk, "entries were replaced", "checkpoint");
  disk->set_content("/log/checkpoint", other.content("/log/checkpoint"));
  expect_found(*disk, "no good signature", "checkpoint");
}

// A closed log over at least four segments.
std::unique_ptr<FakeDisk> long_log() {
  FakeWorld world;
  auto disk = std::make_unique<FakeDisk>();
  auto recorder = world.start(*disk);
  for (int i = 0; i < 1500; ++i) EXPECT_TRUE(recorder->append(event("x")).has_value());
  EXPECT_TRUE(recorder->append(intent("open", Effect::kExternal)).has_value());
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(recorder->append(event("x")).has_value());
  EXPECT_TRUE(recorder->close().has_value());
  return disk;
}

TEST(Verify, finds_missing_first_middle_and_last_segments) {
  const auto disk = long_log();
  const auto names = *list_segments(*disk, "/log");
  ASSERT_GE(names.size(), 4U);
  ASSERT_TRUE(verified(*disk).valid) << verified(*disk).problem << verified(*disk).position;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto copy = disk->copy();
    copy->erase("/log/" + names[i]);
    EXPECT_FALSE(verified(*copy).valid) << i;
  }
}

TEST(Verify, a_checkpoint_does_not_pass_for_the_record_of_a_pruning) {
  const auto disk = long_log();
  const auto names = *list_segments(*disk, "/log");
  disk->set_content("/log/pruned", disk->content("/log/checkpoint"));
  disk->erase("/log/" + names[0]);
  expect_found(*disk, "no record of a pruning", "pruned");
}

TEST(Verify, finds_a_header_that_lies_about_what_is_before_it) {
  const auto disk = long_log();
  const auto names = *list_segments(*disk, "/log");
  const std::string path = "/log/" + names.back();
  const std::string content = disk->content(path);
  SegmentHeader header = *decode_header(content);
  ASSERT_EQ(header.open.size(), 1U);
  header.open.clear();
  disk->set_content(path, encode_header(header) + content.substr(kHeaderUnit));
  expect_found(*disk, "open intents", names.back());
  header = *decode_header(content);
  std::vector<crypto::Digest> nodes(header.before.nodes().begin(), header.before.nodes().end());
  nodes[0][0] ^= 1;
  header.before = Frontier(header.first, nodes);
  disk->set_content(path, encode_header(header) + content.substr(kHeaderUnit));
  expect_found(*disk, "root", names.back());
}

}  // namespace
}  // namespace agentos::recorder
