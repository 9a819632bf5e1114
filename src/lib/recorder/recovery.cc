// A log directory is made in a fixed order (key, verifier key, empty checkpoint, first segment), so that a missing
// part tells an interrupted start from a part that was taken away.
#include "lib/recorder/recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/recorder/leaf_reader.h"

namespace agentos::recorder {

namespace {

constexpr std::size_t kWipeChunk = 256 * 1024;
constexpr std::string_view kVerifyHint = "run: agentos log verify";

std::unexpected<Error> damaged(std::string message, std::string_view hint = kVerifyHint) {
  return fail(ErrorCode::kCorrupt, std::move(message), std::string(hint));
}

Status write_zeroes(DiskFile& file, std::uint64_t from, std::uint64_t to) {
  const std::string zeroes(kWipeChunk, '\0');
  for (; from < to; from += kWipeChunk)
    TRY(file.write_at(from, std::string_view(zeroes).substr(0, std::min<std::uint64_t>(kWipeChunk, to - from))));
  return {};
}

// Every frame of the last segment into the state; returns where the frames end.
Status take_frames(Segment& segment, const Checkpoint& checkpoint, LogState& state, bool& bad) {
  FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
  const auto root_matches = [&] {
    return state.frontier.size() != checkpoint.size || state.frontier.root() == checkpoint.root;
  };
  for (;;) {
    state.offset = cursor.offset();
    if (!root_matches())
      return damaged(fmt::format("{}: its first {} entries are not those the signed checkpoint covers", segment.name,
                                 checkpoint.size));
    const auto step = TRY(cursor.next());
    state.offset = cursor.offset();
    if (step != FrameCursor::Step::kFrame) {
      bad = step == FrameCursor::Step::kBad;
      return {};
    }
    const Frame& frame = cursor.frame();
    const auto where = [&] {
      return fmt::format("{} offset {} (entry {})", segment.name, state.offset, state.frontier.size());
    };
    if (frame.index != state.frontier.size())
      return damaged(fmt::format("{}: the frame holds entry {}", where(), frame.index));
    const auto leaf = read_leaf(frame.leaf);
    if (!leaf) return damaged(fmt::format("{}: {}", where(), leaf.error()));
    if (leaf->external) state.external.insert(frame.index);
    if (leaf->kind == Kind::kOutcome) state.external.erase(leaf->intent);
    state.frontier.add(leaf_hash(frame.leaf));
  }
}

// Zeroes what a power failure left behind the last good frame, or says that it is damage.
Status cut_tail(Segment& segment, const Checkpoint& checkpoint, LogState& state, bool bad) {
  const Index next = state.frontier.size();
  const Tail tail = TRY(examine_tail(*segment.file, state.offset, segment.size, next));
  const auto where = [&] { return fmt::format("{} offset {} (entry {})", segment.name, state.offset, next); };
  if (next < checkpoint.size)
    return damaged(fmt::format("{}: {} of the {} entries the signed checkpoint covers are missing or damaged", where(),
                               checkpoint.size - next, checkpoint.size));
  if (tail.was_durable)
    return damaged(fmt::format("{}: damaged before the end: later entries prove that this one was complete", where()));
  if (tail.nonzero_end != 0 || bad) {
    state.torn = TornTail{segment.name, state.offset, tail.nonzero_end - state.offset};
    TRY(write_zeroes(*segment.file, state.offset, tail.nonzero_end));
  }
  if (segment.size < segment.header.capacity)
    TRY(write_zeroes(*segment.file, std::max(segment.size, state.offset), segment.header.capacity));
  return segment.file->sync();
}

// The open external intents before the last segment when its header could not list them all.
Status collect_open(Disk& disk, const std::string& directory, LogState& state) {
  for (std::size_t i = 0; i + 1 < state.segments.size(); ++i) {
    Segment segment = TRY(open_segment(disk, directory, state.segments[i].name));
    if (i == 0)
      for (Index index : segment.header.open) state.external.insert(index);
    FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
    while (TRY(cursor.next()) == FrameCursor::Step::kFrame) {
      const auto leaf = read_leaf(cursor.frame().leaf);
      if (!leaf) return damaged(fmt::format("{} offset {}: {}", segment.name, cursor.offset(), leaf.error()));
      if (leaf->external) state.external.insert(cursor.frame().index);
      if (leaf->kind == Kind::kOutcome) state.external.erase(leaf->intent);
    }
  }
  return {};
}

std::string place_of(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

}  // namespace

Result<LogIdentity> open_identity(Disk& disk, const std::string& directory, CheckpointSigner& signer) {
  LogIdentity identity;
  identity.verifier = TRY(parse_verifier(TRY(read_small_file(disk, place_of(directory, kVerifierName), kNoteSizeMax))));
  const auto note = read_small_file(disk, place_of(directory, kCheckpointName), kNoteSizeMax);
  if (!note && note.error().code != ErrorCode::kNotFound) return std::unexpected(note.error());
  if (!note) {
    if (!TRY(list_segments(disk, directory)).empty())
      return damaged(fmt::format("{} is missing", place_of(directory, kCheckpointName)));
    identity.checkpoint = {identity.verifier.name, 0, Frontier().root(), {}};
    TRY(replace_file(disk, directory, std::string(kCheckpointName),
                     TRY(signer.sign(checkpoint_body(identity.checkpoint)))));
    return identity;
  }
  const auto checkpoint = open_checkpoint(identity.verifier, *note);
  if (!checkpoint)
    return damaged(fmt::format("{}: {}", place_of(directory, kCheckpointName), checkpoint.error().message));
  identity.checkpoint = *checkpoint;
  return identity;
}

Result<LogState> recover(Disk& disk, const std::string& directory, const Checkpoint& checkpoint) {
  LogState state;
  const auto names = TRY(list_segments(disk, directory));
  if (names.empty()) {
    if (checkpoint.size != 0)
      return damaged(fmt::format("{}: the segments are gone, the signed checkpoint covers {} entries", directory,
                                 checkpoint.size));
    return state;
  }
  for (const std::string& name : names) {
    auto file = TRY(disk.open_for_reading(place_of(directory, name)));
    state.segments.push_back({name, *segment_first(name), TRY(file->size())});
  }
  Segment last = TRY(read_segment(TRY(disk.open(place_of(directory, names.back()))), names.back()));
  state.frontier = last.header.before;
  state.capacity = last.header.capacity;
  state.version = last.header.version;
  if (last.header.open_complete) {
    for (Index index : last.header.open) state.external.insert(index);
  } else {
    TRY(collect_open(disk, directory, state));
  }
  bool bad = false;
  TRY(take_frames(last, checkpoint, state, bad));
  TRY(cut_tail(last, checkpoint, state, bad));
  state.segments.back().size = std::max(last.size, state.capacity);
  state.file = std::move(last.file);
  return state;
}

}  // namespace agentos::recorder
