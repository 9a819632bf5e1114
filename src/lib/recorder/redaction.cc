// What an erased frame becomes is written down whole first (`erasing`): a frame torn by a power failure could not be
// told from damage otherwise.
#include "lib/recorder/redaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "lib/recorder/blob.h"
#include "lib/recorder/note.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/seal.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

namespace {

constexpr std::string_view kErasingTitle = "agentos erasing v1\n";
constexpr std::size_t kErasingSizeMax = kErasedAtOnceMax * (2 * kFrameSizeMax + 128);

struct ErasedFrame {
  std::string segment;
  std::uint64_t offset = 0;
  std::string octets;
};

std::string file_in(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

// The frame with what lies beside its leaf left out (withheld) or overwritten (erased).
std::string frame_without(const Frame& frame, bool erased) {
  FrameHeader header;
  header.index = frame.index;
  header.batch_index = frame.batch_index;
  header.stored_size = static_cast<std::uint32_t>(frame.stored.size());
  header.opening_size = erased ? static_cast<std::uint32_t>(frame.opening.size()) : 0;
  header.flags = frame.flags & kFrameDifference;
  if (erased) header.flags |= kFrameErased;
  header.group = frame.group;
  std::string octets(frame_size(frame.stored.size(), header.opening_size), '\0');
  std::copy(frame.stored.begin(), frame.stored.end(), octets.begin() + kFrameHeaderSize);
  seal_frame(octets.data(), header);
  return octets;
}

std::string erasing_text(const std::vector<ErasedFrame>& frames) {
  std::string text(kErasingTitle);
  for (const ErasedFrame& frame : frames)
    text += fmt::format("{} {} {}\n", frame.segment, frame.offset, crypto::base64(frame.octets));
  return text;
}

Result<std::vector<ErasedFrame>> parse_erasing(std::string_view text) {
  const auto malformed = [] {
    return fail(ErrorCode::kCorrupt, "the file erasing is damaged",
                "run: agentos log verify; remove it when that is good");
  };
  std::vector<ErasedFrame> frames;
  if (!text.starts_with(kErasingTitle)) return malformed();
  for (std::string_view rest = text.substr(kErasingTitle.size()); !rest.empty();) {
    const auto first = rest.find(' '), second = rest.find(' ', first + 1), end = rest.find('\n');
    if (first == rest.npos || second == rest.npos || end == rest.npos || second > end) return malformed();
    ErasedFrame frame;
    frame.segment = rest.substr(0, first);
    std::from_chars(rest.data() + first + 1, rest.data() + second, frame.offset);
    const auto octets = crypto::from_base64(rest.substr(second + 1, end - second - 1));
    if (!octets || !segment_first(frame.segment)) return malformed();
    const auto decoded = decode_frame(*octets);
    if (!decoded || !decoded->erased() || decoded->size != octets->size()) return malformed();
    frame.octets = *octets;
    frames.push_back(std::move(frame));
    rest.remove_prefix(end + 1);
  }
  if (erasing_text(frames) != text) return malformed();
  return frames;
}

Status write_erased(Disk& disk, const std::string& directory, const std::vector<ErasedFrame>& frames) {
  for (const ErasedFrame& frame : frames) {
    auto file = disk.open(file_in(directory, frame.segment));
    if (!file && file.error().code == ErrorCode::kNotFound) continue;  // pruned meanwhile
    if (!file) return std::unexpected(std::move(file).error());
    TRY((*file)->write_at(frame.offset, frame.octets));
    TRY((*file)->sync());
  }
  TRY(disk.remove(file_in(directory, kErasingName)));
  return disk.sync_directory(directory);
}

// Walks the frames of a segment that hold entries before `end`.
Status each_frame(Segment& segment, Index end, const std::function<Status(const Frame&, std::uint64_t offset)>& each) {
  FrameCursor cursor(*segment.file, segment.frames_at, segment.size);
  for (;;) {
    const auto step = TRY(cursor.next());
    if (step == FrameCursor::Step::kZero) return {};
    if (step == FrameCursor::Step::kBad)
      return fail(ErrorCode::kCorrupt, fmt::format("{} offset {}: {}", segment.name, cursor.offset(), cursor.reason()),
                  "run: agentos log verify");
    if (cursor.frame().index >= end) return {};
    TRY(each(cursor.frame(), cursor.offset()));
  }
}

bool holds_any(const Segment& segment, Index end, const std::set<Index>& entries) {
  const auto found = entries.lower_bound(segment.header.first);
  return found != entries.end() && *found < end;
}

}  // namespace

Status finish_erasing(Disk& disk, const std::string& directory) {
  const auto text = read_small_file(disk, file_in(directory, kErasingName), kErasingSizeMax);
  if (!text && text.error().code == ErrorCode::kNotFound) return {};
  if (!text) return std::unexpected(text.error());
  return write_erased(disk, directory, TRY(parse_erasing(*text)));
}

Result<Redacted> erase_openings(Disk& disk, const std::string& directory, const std::set<Index>& entries) {
  if (entries.size() > kErasedAtOnceMax)
    return fail(ErrorCode::kTooLarge, fmt::format("at most {} entries are erased at once", kErasedAtOnceMax));
  const auto lock = disk.lock(file_in(directory, kLockName));
  if (!lock && lock.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, fmt::format("another process writes the log in {}", directory), "stop it first");
  if (!lock) return std::unexpected(lock.error());
  TRY(finish_erasing(disk, directory));
  Redacted done;
  std::vector<ErasedFrame> frames;
  std::vector<crypto::Digest> blobs;
  const auto names = TRY(list_segments(disk, directory));
  for (std::size_t i = 0; i < names.size(); ++i) {
    Segment segment = TRY(open_segment(disk, directory, names[i]));
    if (!holds_any(segment, i + 1 < names.size() ? *segment_first(names[i + 1]) : kNoIndex, entries)) continue;
    TRY(each_frame(segment, kNoIndex, [&](const Frame& frame, std::uint64_t offset) -> Status {
      if (!entries.contains(frame.index) || !frame.has_opening() || frame.erased()) return {};
      if (const auto blob = blob_named_by(frame.opening)) blobs.push_back(*blob);
      frames.push_back({segment.name, offset, frame_without(frame, true)});
      return {};
    }));
  }
  done.openings = frames.size();
  done.without = entries.size() - frames.size();
  if (frames.empty()) return done;
  // While the frame still names it, so that what was interrupted is done again.
  for (const crypto::Digest& blob : blobs) {
    done.blobs += disk.open_for_reading(file_in(directory, blob_name(blob))).has_value() ? 1 : 0;
    TRY(erase_blob(disk, directory, blob));
  }
  TRY(replace_file(disk, directory, std::string(kErasingName), erasing_text(frames)));
  TRY(write_erased(disk, directory, frames));
  return done;
}

Result<Redacted> copy_without(Disk& disk, const std::string& directory, const std::string& copy,
                              const std::set<Index>& entries) {
  TRY(disk.make_directory(copy));
  if (!TRY(list_segments(disk, copy)).empty())
    return fail(ErrorCode::kAlreadyExists, copy + " holds a log", "name a folder that does not exist");
  const auto key = TRY(parse_verifier(TRY(read_small_file(disk, file_in(directory, kVerifierName), kNoteSizeMax))));
  const auto note = TRY(read_small_file(disk, file_in(directory, kCheckpointName), kNoteSizeMax));
  const Index end = TRY(open_checkpoint(key, note)).size;
  for (const std::string_view name : {kVerifierName, kSealVerifierName, kSealsName, kPrunedName, kCosignedName}) {
    const auto text = read_small_file(disk, file_in(directory, name), kSealsMax * kSealSize);
    if (text) TRY(replace_file(disk, copy, std::string(name), *text));
  }
  Redacted done;
  for (const std::string& name : TRY(list_segments(disk, directory))) {
    Segment segment = TRY(open_segment(disk, directory, name));
    if (segment.header.first > end) break;
    auto file = TRY(disk.create(file_in(copy, name)));
    TRY(file->reserve(segment.header.capacity));
    TRY(file->write_at(0, encode_header(segment.header)));
    std::uint64_t offset = segment.frames_at;
    TRY(each_frame(segment, end, [&](const Frame& frame, std::uint64_t at) -> Status {
      const bool out = frame.has_opening() && (entries.empty() || entries.contains(frame.index));
      std::string written = out ? frame_without(frame, false) : std::string(frame.size, '\0');
      if (!out) TRY(segment.file->read_at(at, written.data(), written.size()));
      TRY(file->write_at(offset, written));
      offset += written.size();
      done.openings += out && !frame.erased() ? 1 : 0;
      return {};
    }));
    TRY(file->sync());
  }
  TRY(replace_file(disk, copy, std::string(kCheckpointName), note));
  return done;
}

}  // namespace agentos::recorder
