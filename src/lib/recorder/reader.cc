// Reads entry after entry; checks each frame's checksum and commitment, but not the tree (verify.cc does).
#include "lib/recorder/reader.h"

#include <fmt/format.h>

#include <cstring>

#include "base/crypto/sha256_fast.h"
#include "lib/recorder/disk_log.h"
#include "lib/recorder/leaf_reader.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

namespace {

constexpr int kListAttemptsMax = 16;  // the running recorder may prune between listing and opening

bool commitment_matches(const Frame& frame) {
  const auto leaf = read_leaf(frame.leaf);
  if (!leaf || !leaf->commitment) return false;
  char text[kCommitmentTextSize];
  // Salt and opening lie side by side in the frame.
  write_commitment(crypto::sha256_fast({frame.salt.data(), frame.salt.size() + frame.opening.size()}), text);
  return std::memcmp(text, leaf->commitment->data(), kCommitmentTextSize) == 0;
}

}  // namespace

StoredEntry entry_of(const Frame& frame) {
  StoredEntry entry;
  entry.index = frame.index;
  entry.leaf = frame.leaf;
  if (frame.has_opening() && !frame.erased()) {
    entry.opening = frame.opening;
    entry.opening_matches = commitment_matches(frame);
  }
  return entry;
}

namespace {

struct Walk {
  Disk& disk;
  const std::string& directory;
  const ReadFilter& filter;
  const std::function<bool(const StoredEntry&)>& each;
  Index next = 0;
  bool stopped = false;

  // Whether the running recorder pruned it: then its room may be in use again, and what it holds means nothing.
  bool is_gone(const std::string& name) {
    const auto file = disk.open_for_reading(directory + "/" + name);
    return !file && file.error().code == ErrorCode::kNotFound;
  }
};

Status walk_segment(Segment& segment, Walk& walk, bool is_last) {
  FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
  while (!walk.stopped) {
    const auto step = TRY(cursor.next());
    const auto damaged = [&](std::string_view what) {
      return fail(ErrorCode::kCorrupt,
                  fmt::format("{} offset {} (entry {}): {}", segment.name, cursor.offset(), walk.next, what),
                  "run: agentos log verify");
    };
    if (step != FrameCursor::Step::kFrame) {
      const Tail tail = TRY(examine_tail(*segment.file, cursor.offset(), segment.size, walk.next));
      if (walk.is_gone(segment.name)) return {};
      if (tail.was_durable || (!is_last && tail.nonzero_end != 0))
        return damaged(step == FrameCursor::Step::kBad ? cursor.reason() : "zeroes where an entry was");
      return {};
    }
    const Frame& frame = cursor.frame();
    if (frame.index != walk.next) return damaged(fmt::format("the frame holds entry {}", frame.index));
    ++walk.next;
    if (frame.index > walk.filter.last) walk.stopped = true;
    if (walk.stopped || frame.index < walk.filter.first) continue;
    walk.stopped = !walk.each(entry_of(frame));
  }
  return {};
}

// The names of the segments that hold entries from `first` on.
std::vector<std::string> from_entry(std::vector<std::string> names, Index first) {
  while (names.size() > 1 && *segment_first(names[1]) <= first) names.erase(names.begin());
  return names;
}

}  // namespace

Status read_log_on(Disk& disk, const std::string& directory, const ReadFilter& filter,
                   const std::function<bool(const StoredEntry&)>& each) {
  Walk walk{disk, directory, filter, each};
  auto names = from_entry(TRY(list_segments(disk, directory)), filter.first);
  for (int attempt = 1; attempt < kListAttemptsMax && !names.empty(); ++attempt) {
    if (disk.open_for_reading(directory + "/" + names.front())) break;
    names = from_entry(TRY(list_segments(disk, directory)), filter.first);
  }
  bool begun = false;  // with a segment that is still there
  for (std::size_t i = 0; i < names.size() && !walk.stopped; ++i) {
    auto segment = open_segment(disk, directory, names[i]);
    if (i + 1 < names.size() && walk.is_gone(names[i])) {  // so are those before it
      begun = false;
      continue;
    }
    if (!segment) return std::unexpected(std::move(segment).error());
    if (!begun) walk.next = segment->header.first;
    begun = true;
    if (segment->header.first != walk.next)
      return fail(ErrorCode::kCorrupt,
                  fmt::format("{}: entries {} to {} are missing before it", names[i], walk.next, segment->header.first),
                  "run: agentos log verify");
    if (segment->header.first > filter.last) break;
    TRY(walk_segment(*segment, walk, i + 1 == names.size()));
    if (i + 1 < names.size() && walk.is_gone(names[i])) begun = false;
  }
  return {};
}

Status read_log(const std::string& directory, const ReadFilter& filter,
                const std::function<bool(const StoredEntry&)>& each) {
  const auto disk = make_real_disk();
  return read_log_on(*disk, directory, filter, each);
}

}  // namespace agentos::recorder
