// What an erased frame becomes is written down whole first (`erasing`): a frame torn by a power failure could not be
// told from damage otherwise.
#include "lib/recorder/redaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "lib/recorder/blob.h"
#include "lib/recorder/note.h"
#include "lib/recorder/recovery.h"
#include "lib/recorder/seal.h"
#include "lib/recorder/segment_reader.h"

namespace agentos::recorder {

namespace {

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

// The blobs that frames name, as long as they are not erased themselves.
struct Blobs {
  std::set<crypto::Digest> only;  // and no other entry does
  std::uint64_t shared = 0;
  Index shared_by = kNoIndex;
};

Result<Blobs> blobs_only_of(Disk& disk, const std::string& directory, const std::vector<ErasedFrame>& frames) {
  Blobs blobs;
  for (const ErasedFrame& erased : frames) {
    auto file = disk.open_for_reading(file_in(directory, erased.segment));
    if (!file && file.error().code == ErrorCode::kNotFound) continue;  // pruned meanwhile
    if (!file) return std::unexpected(std::move(file).error());
    std::string octets(erased.octets.size(), '\0');
    octets.resize(TRY((*file)->read_at(erased.offset, octets.data(), octets.size())));
    const auto frame = decode_frame(octets);  // torn: all blobs had gone before
    if (!frame || !frame->has_opening() || frame->erased()) continue;
    if (const auto blob = blob_named_by(frame->opening)) blobs.only.insert(*blob);
  }
  if (blobs.only.empty()) return blobs;
  const auto names = TRY(list_segments(disk, directory));
  for (const std::string& name : names) {
    Segment segment = TRY(open_segment(disk, directory, name));  // sees what is being erased as erased
    const auto walked = each_frame(segment, kNoIndex, [&](const Frame& frame, std::uint64_t) -> Status {
      if (!frame.has_opening() || frame.erased()) return {};
      const auto blob = blob_named_by(frame.opening);
      if (!blob || blobs.only.erase(*blob) == 0) return {};
      ++blobs.shared;
      blobs.shared_by = frame.index;
      return {};
    });
    // What is being written just now is no frame yet.
    const bool in_flight = !walked && name == names.back() && walked.error().code == ErrorCode::kCorrupt;
    if (!walked && !in_flight) return std::unexpected(walked.error());
  }
  return blobs;
}

// What `erasing` says: blobs first, while the frames still name them, so that what was interrupted is done again.
Result<Redacted> carry_out(Disk& disk, const std::string& directory, const std::vector<ErasedFrame>& frames,
                           const RemoveBlob& remove_blob) {
  Redacted done;
  const Blobs blobs = TRY(blobs_only_of(disk, directory, frames));
  done.shared = blobs.shared;
  done.shared_by = blobs.shared_by;
  for (const crypto::Digest& blob : blobs.only) {
    const bool there = disk.open_for_reading(file_in(directory, blob_name(blob))).has_value();
    const bool removed = TRY(remove_blob(blob, [&] { return erase_blob(disk, directory, blob); }));
    done.blobs += removed && there ? 1 : 0;
    done.shared += removed ? 0 : 1;
  }
  done.openings = frames.size();
  TRY(write_erased(disk, directory, frames));
  return done;
}

// Of an opening that is copied; one that was never kept is fine.
Status copy_blob(Disk& disk, const std::string& directory, const std::string& copy, std::string_view opening) {
  const auto blob = blob_named_by(opening);
  if (!blob) return {};
  const auto content = read_blob(disk, directory, *blob);
  if (!content && content.error().code == ErrorCode::kNotFound) return {};
  return content ? put_blob(disk, copy, *content) : std::unexpected(content.error());
}

Result<bool> remove_always(const crypto::Digest&, const std::function<Status()>& remove) {
  TRY(remove());
  return true;
}

}  // namespace

Status finish_erasing(Disk& disk, const std::string& directory) {
  const auto frames = TRY(read_erasing(disk, directory));
  if (frames.empty()) return {};
  TRY(carry_out(disk, directory, frames, remove_always));
  return {};
}

Result<Redacted> erase_openings(Disk& disk, const std::string& directory, const std::set<Index>& entries) {
  const auto lock = disk.lock(file_in(directory, kLockName));
  if (!lock && lock.error().code == ErrorCode::kBusy)
    return fail(ErrorCode::kBusy, fmt::format("another process writes the log in {}", directory), "stop it first");
  if (!lock) return std::unexpected(lock.error());
  return erase_held(disk, directory, entries, remove_always);
}

Result<Redacted> erase_held(Disk& disk, const std::string& directory, const std::set<Index>& entries,
                            const RemoveBlob& remove_blob) {
  if (entries.size() > kErasedAtOnceMax)
    return fail(ErrorCode::kTooLarge, fmt::format("at most {} entries are erased at once", kErasedAtOnceMax));
  TRY(finish_erasing(disk, directory));
  std::vector<ErasedFrame> frames;
  const auto names = TRY(list_segments(disk, directory));
  for (std::size_t i = 0; i < names.size(); ++i) {
    Segment segment = TRY(open_segment(disk, directory, names[i]));
    if (!holds_any(segment, i + 1 < names.size() ? *segment_first(names[i + 1]) : kNoIndex, entries)) continue;
    TRY(each_frame(segment, kNoIndex, [&](const Frame& frame, std::uint64_t offset) -> Status {
      if (!entries.contains(frame.index) || !frame.has_opening() || frame.erased()) return {};
      frames.push_back({segment.name, offset, frame_without(frame, true)});
      return {};
    }));
  }
  Redacted done;
  if (!frames.empty()) {
    TRY(replace_file(disk, directory, std::string(kErasingName), erasing_text(frames)));
    done = TRY(carry_out(disk, directory, frames, remove_blob));
  }
  done.without = entries.size() - frames.size();
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
      return out || !frame.has_opening() || frame.erased() ? Status{} : copy_blob(disk, directory, copy, frame.opening);
    }));
    TRY(file->sync());
  }
  TRY(replace_file(disk, copy, std::string(kCheckpointName), note));
  return done;
}

}  // namespace agentos::recorder
