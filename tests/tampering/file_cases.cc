// Octets flipped, files cut, removed, swapped: found by checksums, sizes and names.
#include "lib/recorder/blob.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/format.h"
#include "lib/recorder/redaction.h"
#include "tests/tampering/cases.h"
#include "tests/tampering/log_image.h"

namespace agentos::tampering {

using namespace recorder;

namespace {

// Changes the octet `at` behind the beginning of the third entry's frame in the second segment.
std::function<void(FakeDisk&)> flip_in_frame(std::size_t at) {
  return [at](FakeDisk& disk) {
    const std::string path = segment_path(disk, 1);
    flip(disk, path, frame_offset(disk.content(path), 3) + at);
  };
}

void change_content(FakeDisk& disk, std::size_t segment, const std::function<void(std::string&)>& change) {
  const std::string path = segment_path(disk, segment);
  std::string content = disk.content(path);
  change(content);
  disk.set_content(path, content);
}

// Where the long content of a run is (good_log.cc).
std::string blob_path(char of_run) {
  return "/log/" + blob_name(crypto::sha256(std::string(kOpeningSizeMax + 1, of_run)));
}

// The frame of an entry becomes zeroes.
void clear_frame(FakeDisk& disk, std::size_t segment, std::size_t nth) {
  change_content(disk, segment, [nth](std::string& content) {
    const std::size_t at = frame_offset(content, nth);
    const std::size_t size = decode_frame(std::string_view(content).substr(at)).value().size;
    std::fill_n(content.begin() + static_cast<long>(at), size, '\0');
  });
}

void swap_files(FakeDisk& disk, std::size_t one, std::size_t other) {
  const std::string a = segment_path(disk, one), b = segment_path(disk, other);
  const std::string content = disk.content(a);
  disk.set_content(a, disk.content(b));
  disk.set_content(b, content);
}

// How far erasing the content of the second run came.
enum class Interrupted : std::uint8_t { kWithoutBlob, kTorn };

void interrupt_erasing(FakeDisk& disk, Interrupted where) {
  Index boot = 0;  // of the second run
  int seen = 0;
  CHECK(read_log_on(disk, "/log", {}, [&](const StoredEntry& entry) {
    boot = entry.index;
    return entry.leaf.find(R"("content":"whole")") == std::string::npos || ++seen < 2;
  }));
  const auto came_so_far = [&](const FakeDisk& after) {
    bool same = true;
    for (std::size_t i = 0; same && i < LogImage(disk).segments.size(); ++i)
      same = after.content(segment_path(after, i)) == disk.content(segment_path(disk, i));
    return after.exists("/log/erasing") && !after.exists(blob_path('1')) &&
           same == (where == Interrupted::kWithoutBlob);
  };
  for (std::uint64_t changes = 0;; ++changes) {
    const auto tried = disk.copy();
    tried->fail_after(changes, 5);
    CHECK(!erase_openings(*tried, "/log", {boot}));
    if (!came_so_far(*tried)) continue;
    disk.fail_after(changes, 5);
    CHECK(!erase_openings(disk, "/log", {boot}));
    disk.mend();
    return;
  }
}

}  // namespace

std::vector<TamperCase> file_cases() {
  const std::string segment = "segment-";
  return {
      {"bit_of_a_leaf_flipped", kNothing, "tail", segment, flip_in_frame(40)},
      {"bit_of_a_frames_index_flipped", kNothing, "tail", segment, flip_in_frame(8)},
      {"bit_of_a_frames_checksum_flipped", kNothing, "tail", segment, flip_in_frame(4)},
      {"bit_of_a_frames_mark_flipped", kNothing, "tail", segment, flip_in_frame(0)},
      {"bit_of_a_frames_flags_flipped", kNothing, "tail", segment, flip_in_frame(28)},
      {"bit_of_a_header_flipped", kNothing, "segment", segment,
       [](FakeDisk& disk) { flip(disk, segment_path(disk, 1), 100); }},
      {"format_version_unknown", kNothing, "segment", segment,
       [](FakeDisk& disk) { change_content(disk, 0, [](std::string& content) { content[8] = 9; }); }},
      {"last_segment_cut_in_half", kNothing, "header", segment,
       [](FakeDisk& disk) {
         const std::size_t last = LogImage(disk).segments.size() - 1;
         change_content(disk, last, [](std::string& content) { content.resize(content.size() / 2); });
       }},
      {"first_segment_emptied", kNothing, "segment", segment,
       [](FakeDisk& disk) { change_content(disk, 0, [](std::string& content) { content.clear(); }); }},
      {"last_entry_zeroed", kNothing, "truncated", segment,
       [](FakeDisk& disk) {
         const LogImage image(disk);
         clear_frame(disk, image.segments.size() - 1, image.segments.back().entries.size() - 1);
       }},
      {"middle_entry_zeroed", kNothing, "tail", segment, [](FakeDisk& disk) { clear_frame(disk, 1, 5); }},
      {"octet_behind_the_last_entry", kNothing, "tail", segment,
       [](FakeDisk& disk) {
         change_content(disk, LogImage(disk).segments.size() - 1, [](std::string& content) { content.back() = 'x'; });
       }},
      {"last_segment_removed", kNothing, "truncated", segment,
       [](FakeDisk& disk) { disk.erase(segment_path(disk, LogImage(disk).segments.size() - 1)); }},
      {"middle_segment_removed", kNothing, "header", segment,
       [](FakeDisk& disk) { disk.erase(segment_path(disk, 1)); }},
      {"first_segment_removed", kNothing, "missing", segment,
       [](FakeDisk& disk) { disk.erase(segment_path(disk, 0)); }},
      {"all_segments_removed", kNothing, "missing", "",
       [](FakeDisk& disk) {
         for (std::size_t left = LogImage(disk).segments.size(); left > 0; --left) disk.erase(segment_path(disk, 0));
       }},
      {"octet_of_content_kept_whole_changed", kNothing, "blob", segment,
       [](FakeDisk& disk) { flip(disk, blob_path('1'), kOpeningSizeMax / 2); }},
      {"content_kept_whole_cut", kNothing, "blob", segment,
       [](FakeDisk& disk) { disk.set_content(blob_path('2'), std::string(kOpeningSizeMax, '2')); }},
      {"content_kept_whole_of_two_entries_swapped", kNothing, "blob", segment,
       [](FakeDisk& disk) { disk.set_content(blob_path('0'), disk.content(blob_path('1'))); }},
      {"content_kept_whole_removed", kNothing, "absent", segment, [](FakeDisk& disk) { disk.erase(blob_path('1')); }},
      {"all_content_kept_whole_removed", kNothing, "absent", segment,
       [](FakeDisk& disk) {
         for (const std::string& name : disk.files_below("/log/blob")) disk.erase("/log/blob/" + name);
       }},
      {"a_damaged_record_of_erasing_put_there", kNothing, "erasing", "erasing",
       [](FakeDisk& disk) { disk.set_content("/log/erasing", "agentos erasing v1\nsegment\n"); }},
      {"erasing_interrupted_before_anything_was_overwritten", kNothing, "", "",
       [](FakeDisk& disk) { interrupt_erasing(disk, Interrupted::kWithoutBlob); }},
      {"erasing_interrupted_within_a_frame", kNothing, "", "",
       [](FakeDisk& disk) { interrupt_erasing(disk, Interrupted::kTorn); }},
      {"two_segments_swapped", kNothing, "segment", segment, [](FakeDisk& disk) { swap_files(disk, 0, 1); }},
      {"segment_copied_to_another_name", kNothing, "segment", segment,
       [](FakeDisk& disk) { disk.set_content("/log/" + segment_name(7), disk.content(segment_path(disk, 0))); }},
  };
}

}  // namespace agentos::tampering
