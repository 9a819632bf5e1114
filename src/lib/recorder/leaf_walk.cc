// Where a walk begins inside a segment is found by halving: a frame is recognised wherever it lies, and says where its
// batch began, which is where differences can be read from. Pruning may take the oldest segment away between
// listing and opening: that reads as kNotFound.
#include "lib/recorder/leaf_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

namespace {

constexpr std::uint64_t kWalkedBytes = 64 * 1024;  // no further halving: this much is read frame after frame

// A frame's place and what it says of its own.
struct FoundFrame {
  std::uint64_t offset = 0;
  std::size_t size = 0;
  Index index = 0;
  Index batch = 0;  // the first entry of its batch
};

// The first frame at or behind `from`; nothing when none begins within the longest frame's size.
Result<std::optional<FoundFrame>> find_frame(DiskFile& file, std::uint64_t from, std::uint64_t end) {
  std::string octets(2 * kFrameSizeMax, '\0');
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(octets.size(), end - from));
  octets.resize(TRY(file.read_at(from, octets.data(), wanted)));
  for (std::size_t at = 0; at < std::min(octets.size(), kFrameSizeMax); at += 8) {
    const auto frame = decode_frame(std::string_view(octets).substr(at));
    if (frame) return FoundFrame{from + at, frame->size, frame->index, frame->durable_before()};
  }
  return std::nullopt;
}

// The frame of entry `index`. kNotFound: there is none.
Result<FoundFrame> seek_frame(const Segment& segment, Index index) {
  std::uint64_t low = segment.frames_at, high = segment.size;
  while (high - low > kWalkedBytes) {
    const std::uint64_t middle = padded(low + (high - low) / 2);
    const auto found = TRY(find_frame(*segment.file, middle, high));
    if (found && found->index <= index) {
      low = found->offset;
    } else {
      high = middle;
    }
  }
  for (;;) {
    const auto found = TRY(find_frame(*segment.file, low, segment.size));
    if (!found || found->index > index)
      return fail(ErrorCode::kNotFound, fmt::format("{}: entry {} is not there", segment.name, index));
    if (found->index == index) return *found;
    low = found->offset + found->size;
  }
}

// The frames of one segment up to `end`; `next` is the index expected.
Status walk_frames(Segment& segment, Index first, Index end, Index& next,
                   const std::function<Status(Index, std::string_view)>& each) {
  std::uint64_t from = segment.frames_at;
  if (first > next) {
    const auto own = seek_frame(segment, first);
    const auto batch = own ? seek_frame(segment, std::max(own->batch, next)) : own;
    if (batch) {  // else it is read from the beginning, which says what is wrong
      from = batch->offset;
      next = batch->index;
    }
  }
  FrameCursor cursor(*segment.file, from, segment.size);
  while (next < end) {
    const auto step = TRY(cursor.next());
    if (step == FrameCursor::Step::kZero) return {};
    const bool good = step == FrameCursor::Step::kFrame && cursor.frame().index == next;
    if (!good)
      return fail(ErrorCode::kCorrupt,
                  fmt::format("{} offset {} (entry {}): {}", segment.name, cursor.offset(), next,
                              step == FrameCursor::Step::kBad ? cursor.reason() : "the frame holds another entry"),
                  "run: agentos log verify");
    if (next >= first) TRY(each(next, cursor.frame().leaf));
    ++next;
  }
  return {};
}

}  // namespace

Status walk_leaves(Disk& disk, const std::string& directory, Index first, Index end,
                   const std::function<Status(Index, std::string_view leaf)>& each) {
  if (first >= end) return {};
  auto names = TRY(list_segments(disk, directory));
  while (names.size() > 1 && *segment_first(names[1]) <= first) names.erase(names.begin());
  if (names.empty() || *segment_first(names.front()) > first)
    return fail(ErrorCode::kNotFound, fmt::format("entry {} is not kept in {}", first, directory),
                "it was pruned; what was proven of it before stays provable");
  Index next = *segment_first(names.front());
  for (const std::string& name : names) {
    if (next >= end) break;
    Segment segment = TRY(open_segment(disk, directory, name));
    if (segment.header.first != next)
      return fail(ErrorCode::kCorrupt,
                  fmt::format("{}: entries {} to {} are missing before it", name, next, segment.header.first),
                  "run: agentos log verify");
    TRY(walk_frames(segment, first, end, next, each));
  }
  if (next < end)
    return fail(ErrorCode::kCorrupt, fmt::format("{} holds {} entries, {} were expected", directory, next, end),
                "run: agentos log verify");
  return {};
}

Result<Frontier> pruned_tree(Disk& disk, const std::string& directory) {
  const auto names = TRY(list_segments(disk, directory));
  if (names.empty()) return Frontier();
  return TRY(open_segment(disk, directory, names.front())).header.before;
}

}  // namespace agentos::recorder
