// Entries edited, removed, added, reordered and spliced by somebody who mends every checksum and header: found by the
// rules of entries, the commitments, and the roots that were signed.
#include "lib/recorder/format.h"
#include "lib/recorder/leaf_writer.h"
#include "tests/tampering/cases.h"
#include "tests/tampering/log_image.h"

namespace agentos::tampering {

using namespace recorder;

namespace {

using Change = std::function<void(LogImage&)>;

std::function<void(FakeDisk&)> put_together(Change change) {
  return [change = std::move(change)](FakeDisk& disk) {
    LogImage image(disk);
    change(image);
    image.store(disk);
  };
}

// The newest entry of that kind before `before`.
std::size_t newest_of(LogImage& image, std::string_view kind, std::size_t before) {
  const std::string wanted = "\"kind\":\"" + std::string(kind) + "\"";
  std::size_t index = before - 1;
  while (image.at(index).leaf.find(wanted) == std::string::npos) --index;
  return index;
}

// The commitment in the leaf is made that of what lies beside it.
void commit_again(ImageEntry& entry) {
  const std::string_view name =
      entry.leaf.find("\"arguments\":\"") == std::string::npos ? "\"result\":\"" : "\"arguments\":\"";
  write_commitment(crypto::sha256(entry.salt + entry.opening), entry.leaf.data() + entry.leaf.find(name) + name.size());
}

// A refusal goes, and every later outcome names its intent by the number that has now.
void remove_refusal(LogImage& image) {
  const std::size_t refused = newest_of(image, "refused", 400);
  image.erase(refused);
  for (std::size_t i = refused; i < image.size(); ++i) {
    std::string& leaf = image.at(i).leaf;
    const auto found = leaf.find("\"intent\":");
    if (found == std::string::npos) continue;
    const std::size_t digits = found + 9, end = leaf.find(',', digits);
    const std::size_t intent = std::stoul(leaf.substr(digits, end - digits));
    if (intent > refused) leaf.replace(digits, end - digits, std::to_string(intent - 1));
  }
}

// Changes a frame's header in place, with the checksum made anew.
std::function<void(FakeDisk&)> change_frame(const std::function<void(FrameHeader&)>& change) {
  return [change](FakeDisk& disk) {
    LogImage(disk).store(disk);  // whole leaves
    const std::string path = segment_path(disk, 1);
    std::string content = disk.content(path);
    const std::size_t at = frame_offset(content, 4);
    const Frame frame = decode_frame(std::string_view(content).substr(at)).value();
    FrameHeader header{frame.index,
                       frame.batch_index,
                       static_cast<std::uint32_t>(frame.leaf.size()),
                       static_cast<std::uint32_t>(frame.opening.size()),
                       0,
                       frame.group};
    change(header);
    seal_frame(content.data() + at, header);
    disk.set_content(path, content);
  };
}

void change_header(FakeDisk& disk, const std::function<void(SegmentHeader&)>& change) {
  const std::string path = segment_path(disk, 1);
  std::string content = disk.content(path);
  SegmentHeader header = decode_header(content).value();
  change(header);
  content.replace(0, kHeaderUnit, encode_header(header));
  disk.set_content(path, content);
}

// Which entries there are and what they say.
std::vector<TamperCase> history_cases() {
  const std::string segment = "segment-";
  const auto at_end = [](LogImage& image) { return image.size() - 20; };
  return {
      {"agent_of_an_early_entry_edited", kNothing, "seal", "seals record 0",
       put_together([](LogImage& image) { image.edit(30, "agent-0", "agent-9"); })},
      {"verdict_of_an_early_entry_edited", kNothing, "seal", "seals record 0", put_together([](LogImage& image) {
         image.edit(newest_of(image, "intent", 60), "\"verdict\":\"allow\"", "\"verdict\":\"ask\"");
       })},
      {"entry_of_the_second_run_edited", kNothing, "seal", "seals record 1",
       put_together([](LogImage& image) { image.edit(900, "agent-1", "agent-9"); })},
      {"entry_of_the_last_run_edited", kNothing, "replaced", "checkpoint",
       put_together([=](LogImage& image) { image.edit(at_end(image), "agent-2", "agent-9"); })},
      {"time_of_an_entry_edited", kNothing, "replaced", "checkpoint",
       put_together([=](LogImage& image) { image.edit(at_end(image), "17000000", "16000000"); })},
      {"status_of_an_outcome_edited", kNothing, "replaced", "checkpoint", put_together([=](LogImage& image) {
         image.edit(newest_of(image, "outcome", at_end(image)), "\"status\":\"ok\"", "\"status\":\"error\"");
       })},
      {"refusal_removed_and_outcomes_renumbered", kNothing, "seal", "seals record 0", put_together(remove_refusal)},
      {"last_entries_removed", kNothing, "truncated", segment, put_together([](LogImage& image) {
         for (int i = 0; i < 5; ++i) image.erase(image.size() - 1);
       })},
      {"two_events_swapped", kNothing, "replaced", "checkpoint", put_together([=](LogImage& image) {
         const std::size_t one = newest_of(image, "refused", image.size());
         const std::size_t other = newest_of(image, "refused", one);
         image.edit(one, "no rule", "any rule");
         std::swap(image.at(one), image.at(other));
       })},
      {"entry_inserted", kNothing, "outcome", segment,
       put_together([](LogImage& image) { image.insert(500, image.at(0)); })},
      {"entry_replaced_by_another", kNothing, "seal", "seals record 1", put_together([](LogImage& image) {
         const std::size_t refused = newest_of(image, "refused", 900);
         image.at(refused) = image.at(newest_of(image, "refused", 100));
       })},
      {"outcome_twice", kNothing, "outcome", segment, put_together([](LogImage& image) {
         const std::size_t outcome = newest_of(image, "outcome", image.size());
         image.at(newest_of(image, "refused", image.size())) = image.at(outcome);
       })},
      {"outcome_of_a_later_intent", kNothing, "outcome", segment, put_together([](LogImage& image) {
         const std::size_t outcome = newest_of(image, "outcome", 50);
         image.edit(outcome, "\"intent\":", "\"intent\":9");
       })},
  };
}

// What one entry, its opening or its frame is.
std::vector<TamperCase> single_entry_cases() {
  const std::string segment = "segment-";
  return {
      {"leaf_with_a_space", kNothing, "leaf", segment,
       put_together([](LogImage& image) { image.edit(200, "{", "{ "); })},
      {"leaf_of_a_newer_version", kNothing, "leaf", segment,
       put_together([](LogImage& image) { image.edit(200, "\"v\":1", "\"v\":2"); })},
      {"leaf_with_members_out_of_order", kNothing, "leaf", segment,
       put_together([](LogImage& image) { image.edit(200, "{", "{\"z\":1,"); })},
      {"opening_edited", kNothing, "opening", segment,
       put_together([](LogImage& image) { image.at(newest_of(image, "intent", 90)).opening[3] ^= 1; })},
      {"salt_edited", kNothing, "opening", segment,
       put_together([](LogImage& image) { image.at(newest_of(image, "intent", 90)).salt[3] ^= 1; })},
      {"openings_of_two_entries_swapped", kNothing, "opening", segment, put_together([](LogImage& image) {
         ImageEntry& one = image.at(newest_of(image, "intent", 90));
         ImageEntry& other = image.at(newest_of(image, "outcome", 90));
         std::swap(one.opening, other.opening);
         std::swap(one.salt, other.salt);
       })},
      {"opening_added_to_an_entry_without", kNothing, "opening", segment, put_together([](LogImage& image) {
         ImageEntry& refused = image.at(newest_of(image, "refused", 90));
         refused.salt = std::string(kSaltSize, 's');
         refused.opening = "{}";
       })},
      {"opening_and_commitment_replaced", kNothing, "seal", "seals record 0", put_together([](LogImage& image) {
         ImageEntry& entry = image.at(newest_of(image, "intent", 90));
         entry.opening = "{\"path\":\"/state/other.md\"}";
         commit_again(entry);
       })},
      {"index_of_a_frame_raised", kNothing, "frame", segment,
       change_frame([](FrameHeader& header) { ++header.index; })},
      {"frame_of_an_earlier_batch", kNothing, "frame", segment,
       change_frame([](FrameHeader& header) { header.batch_index = 3; })},
      {"open_intent_added_to_a_header", kNothing, "header", segment,
       [](FakeDisk& disk) { change_header(disk, [](SegmentHeader& header) { header.open.push_back(1); }); }},
      {"tree_of_a_header_replaced", kNothing, "header", segment,
       [](FakeDisk& disk) {
         change_header(disk, [](SegmentHeader& header) {
           std::vector<crypto::Digest> nodes(header.before.nodes().begin(), header.before.nodes().end());
           nodes[0][0] ^= 1;
           header.before = Frontier(header.first, nodes);
         });
       }},
  };
}

}  // namespace

std::vector<TamperCase> entry_cases() {
  std::vector<TamperCase> all = history_cases();
  for (TamperCase& one : single_entry_cases()) all.push_back(std::move(one));
  return all;
}

}  // namespace agentos::tampering
