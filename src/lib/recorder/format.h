// The octets of a segment file: one header, then frames, then zeroes to the end of the file. FORMAT.md is the page.
//
// All numbers are little-endian. Decoding trusts nothing: it reads within the given octets and says what is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/recorder/entry.h"
#include "lib/recorder/merkle.h"

namespace agentos::recorder {

inline constexpr std::uint32_t kFormatVersion = 2;     // of segments that are written
inline constexpr std::uint32_t kFormatVersionMin = 1;  // of segments that are read; 1 has no differences
inline constexpr std::size_t kHeaderUnit = 4096;       // header sizes are multiples of it
inline constexpr std::size_t kHeaderSizeMax = 64 * 1024;
inline constexpr std::size_t kOpenIntentsListedMax = 4096;  // in one header
inline constexpr std::size_t kSegmentSizeMin = 64 * 1024;
inline constexpr std::string_view kNextSegmentName = "segment-next.tmp";

// What stands before the entries of a segment.
struct SegmentHeader {
  std::uint32_t version = kFormatVersion;
  Index first = 0;              // index of its first entry
  std::uint64_t capacity = 0;   // octets of the whole file
  std::int64_t created_us = 0;  // UTC
  Frontier before;              // the tree of the entries before `first`
  std::vector<Index> open;      // external intents before `first` that wait for an outcome, ascending
  bool open_complete = true;    // false: there are more than could be listed
};

std::string encode_header(const SegmentHeader& header);
// Octets to read to hold the whole header, from the first kHeaderUnit octets. kUnsupported names a newer version.
Result<std::size_t> header_size(std::string_view octets);
Result<SegmentHeader> decode_header(std::string_view octets);

bool all_zero(std::string_view octets);

std::string segment_name(Index first);                           // "segment-00000000000000000000.log"
std::optional<Index> segment_first(std::string_view file_name);  // the other way; nothing for other names

inline constexpr std::size_t kFrameHeaderSize = 32;
inline constexpr std::uint16_t kFrameHasOpening = 1;  // salt and opening lie behind the leaf
inline constexpr std::uint16_t kFrameErased = 2;      // ... and were overwritten with zeroes
inline constexpr std::uint16_t kFrameDifference = 4;  // what is stored makes the leaf from an earlier one
inline constexpr std::size_t kSaltSize = sizeof(Salt);
inline constexpr std::size_t kLeafGroups = 8;  // leaves that are differences from one another are of one group

constexpr std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }
inline constexpr std::size_t kFrameSizeMax = padded(kFrameHeaderSize + kEntrySizeMax + kSaltSize + kOpeningSizeMax);

// One entry in a segment. The views point into the decoded octets.
struct Frame {
  Index index = 0;
  std::uint32_t batch_index = 0;  // index minus the number of entries that were durable when it was written
  std::uint16_t flags = 0;
  std::uint8_t group = 0;
  std::string_view stored;   // the leaf, or its difference
  std::string_view leaf;     // whole; empty for a difference until WholeLeaves made it
  std::string_view salt;     // empty without kFrameHasOpening
  std::string_view opening;  // the same
  std::size_t size = 0;      // octets with padding

  bool has_opening() const { return (flags & kFrameHasOpening) != 0; }
  bool erased() const { return (flags & kFrameErased) != 0; }
  bool is_difference() const { return (flags & kFrameDifference) != 0; }
  Index durable_before() const { return index - batch_index; }
};

constexpr std::size_t frame_size(std::size_t leaf_size, std::size_t opening_size) {
  return padded(kFrameHeaderSize + leaf_size + (opening_size == 0 ? 0 : kSaltSize + opening_size));
}

// What a frame's header says of its entry.
struct FrameHeader {
  Index index = 0;
  std::uint32_t batch_index = 0;
  std::uint32_t stored_size = 0;  // of the leaf or its difference
  std::uint32_t opening_size = 0;
  std::uint16_t flags =
      0;  // kFrameErased asks that salt and opening are zeroes; kFrameHasOpening follows from the size
  std::uint8_t group = 0;
};

// Fills in a frame around what is stored, salt and opening, which are in place; `octets` is frame_size() long.
void seal_frame(char* octets, const FrameHeader& header);

// The frame at the start of `octets`; what is wrong with it otherwise (never empty).
std::expected<Frame, const char*> decode_frame(std::string_view octets);

}  // namespace agentos::recorder
