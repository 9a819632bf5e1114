// A power failure can keep any part of the last unsynced batch and lose any other. What tells that from damage is
// the frames behind the gap: each says how many entries were durable before it was written.
#include "lib/recorder/segment_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "lib/recorder/erasing.h"

namespace agentos::recorder {

namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
static_assert(kBufferSize > 2 * kFrameSizeMax);

std::unexpected<Error> in_file(const std::string& name, Error error) {
  error.message = fmt::format("{}: {}", name, error.message);
  return std::unexpected(std::move(error));
}

// Offset behind the last octet of `octets` that is not zero.
std::size_t nonzero_size(std::string_view octets) {
  std::size_t size = octets.size();
  while (size >= 8) {
    std::uint64_t word;
    std::memcpy(&word, octets.data() + size - 8, 8);
    if (word != 0) break;
    size -= 8;
  }
  while (size > 0 && octets[size - 1] == 0) --size;
  return size;
}

}  // namespace

Result<std::vector<std::string>> list_segments(Disk& disk, const std::string& directory) {
  std::vector<std::string> names = TRY(disk.list(directory));
  std::erase_if(names, [](const std::string& name) { return !segment_first(name); });
  std::sort(names.begin(), names.end());
  return names;
}

Result<Segment> read_segment(std::unique_ptr<DiskFile> file, const std::string& name) {
  Segment segment;
  segment.name = name;
  segment.size = TRY(file->size());
  std::string octets(kHeaderUnit, '\0');
  octets.resize(TRY(file->read_at(0, octets.data(), octets.size())));
  const auto size = header_size(octets);
  if (!size) return in_file(name, size.error());
  octets.resize(*size);
  octets.resize(TRY(file->read_at(0, octets.data(), octets.size())));
  auto header = decode_header(octets);
  if (!header) return in_file(name, header.error());
  segment.header = std::move(*header);
  segment.frames_at = *size;
  segment.file = std::move(file);
  if (segment_first(name) != segment.header.first)
    return fail(ErrorCode::kCorrupt,
                fmt::format("{}: the header says the segment begins with entry {}", name, segment.header.first));
  return segment;
}

Result<Segment> open_segment(Disk& disk, const std::string& directory, const std::string& name) {
  auto file = TRY(disk.open_for_reading(directory + "/" + name));
  return read_segment(with_erased(std::move(file), name, TRY(read_erasing(disk, directory))), name);
}

Status FrameCursor::fill() {
  const std::size_t behind = static_cast<std::size_t>(offset_ - buffer_at_);
  const std::size_t kept = buffered_ > behind ? buffered_ - behind : 0;
  const std::uint64_t left = offset_ < end_ ? end_ - offset_ : 0;
  if (kept >= kFrameSizeMax || kept >= left) return {};
  buffer_.resize(kBufferSize);
  if (kept > 0) std::memmove(buffer_.data(), buffer_.data() + behind, kept);
  buffer_at_ = offset_;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kBufferSize, left)) - kept;
  buffered_ = kept + TRY(file_.read_at(offset_ + kept, buffer_.data() + kept, wanted));
  return {};
}

void FrameCursor::forget() {
  buffer_at_ = offset_;
  buffered_ = 0;
  frame_.size = 0;
}

Result<FrameCursor::Step> FrameCursor::next() {
  offset_ += frame_.size;
  frame_.size = 0;
  TRY(fill());
  const auto behind = static_cast<std::size_t>(offset_ - buffer_at_);
  const std::string_view octets(buffer_.data() + std::min(behind, buffered_), buffered_ - std::min(behind, buffered_));
  if (all_zero(octets.substr(0, kFrameHeaderSize))) return Step::kZero;
  const auto frame = decode_frame(octets);
  if (!frame) {
    reason_ = frame.error();
    return Step::kBad;
  }
  const auto leaf = whole_.leaf_of(*frame);
  if (!leaf) {
    reason_ = leaf.error();
    return Step::kBad;
  }
  frame_ = *frame;
  frame_.leaf = *leaf;
  return Step::kFrame;
}

Result<Tail> examine_tail(DiskFile& file, std::uint64_t offset, std::uint64_t end, Index expected) {
  Tail tail;
  std::string buffer(kBufferSize + kFrameSizeMax, '\0');
  for (std::uint64_t at = offset; at < end; at += kBufferSize) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end - at));
    const std::string_view octets(buffer.data(), TRY(file.read_at(at, buffer.data(), wanted)));
    const std::size_t used = nonzero_size(octets);
    if (used == 0) continue;
    tail.nonzero_end = std::max(tail.nonzero_end, at + used);
    for (std::size_t i = 0; i < std::min(used, kBufferSize); i += 8) {
      const auto frame = decode_frame(octets.substr(i));
      if (frame && frame->durable_before() > expected) tail.was_durable = true;
    }
  }
  return tail;
}

}  // namespace agentos::recorder
