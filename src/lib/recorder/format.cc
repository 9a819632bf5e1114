// Fixed offsets, written once here and once in FORMAT.md.
#include "lib/recorder/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "lib/recorder/crc32c.h"

namespace agentos::recorder {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they are in memory");

constexpr std::string_view kMagic = "AGENTLOG";
constexpr std::size_t kVersionAt = 8, kHeaderSizeAt = 12, kHeaderCrcAt = 16, kFlagsAt = 20, kFirstAt = 24,
                      kCapacityAt = 32, kCreatedAt = 40, kRootAt = 48, kNodesAt = 80, kOpenAt = 84, kListsAt = 88;
constexpr std::uint32_t kOpenIncomplete = 1;

// FF 41 4C FE: the octets FF and FE never occur in UTF-8, so nothing an agent wrote can look like a frame.
constexpr std::uint32_t kFrameMagic = 0xFE'4C'41'FF;
constexpr std::size_t kFrameCrcAt = 4, kIndexAt = 8, kBatchAt = 16, kLeafSizeAt = 20, kOpeningSizeAt = 24,
                      kFrameFlagsAt = 28, kGroupAt = 30, kZeroAt = 31;

template <class Number>
void store(char* to, Number number) {
  std::memcpy(to, &number, sizeof(number));
}

template <class Number>
Number load(std::string_view octets, std::size_t at) {
  Number number;
  std::memcpy(&number, octets.data() + at, sizeof(number));
  return number;
}

}  // namespace

bool all_zero(std::string_view octets) {
  return std::all_of(octets.begin(), octets.end(), [](char octet) { return octet == 0; });
}

std::string encode_header(const SegmentHeader& header) {
  const auto nodes = header.before.nodes();
  const std::size_t open_count = std::min(header.open.size(), kOpenIntentsListedMax);
  const std::size_t used = kListsAt + nodes.size_bytes() + open_count * sizeof(Index);
  std::string octets((used + kHeaderUnit - 1) / kHeaderUnit * kHeaderUnit, '\0');
  char* to = octets.data();
  std::memcpy(to, kMagic.data(), kMagic.size());
  store(to + kVersionAt, header.version);
  store(to + kHeaderSizeAt, static_cast<std::uint32_t>(octets.size()));
  const bool complete = header.open_complete && open_count == header.open.size();
  store(to + kFlagsAt, complete ? std::uint32_t{0} : kOpenIncomplete);
  store(to + kFirstAt, header.first);
  store(to + kCapacityAt, header.capacity);
  store(to + kCreatedAt, header.created_us);
  const crypto::Digest root = header.before.root();
  std::memcpy(to + kRootAt, root.data(), root.size());
  store(to + kNodesAt, static_cast<std::uint32_t>(nodes.size()));
  store(to + kOpenAt, static_cast<std::uint32_t>(open_count));
  if (!nodes.empty()) std::memcpy(to + kListsAt, nodes.data(), nodes.size_bytes());
  if (open_count > 0) std::memcpy(to + kListsAt + nodes.size_bytes(), header.open.data(), open_count * sizeof(Index));
  store(to + kHeaderCrcAt, crc32c(std::string_view(octets).substr(kFlagsAt)));
  return octets;
}

Result<std::size_t> header_size(std::string_view octets) {
  if (octets.size() < kHeaderUnit || octets.substr(0, kMagic.size()) != kMagic)
    return fail(ErrorCode::kCorrupt, "the file does not begin with a segment header");
  const auto version = load<std::uint32_t>(octets, kVersionAt);
  if (version < kFormatVersionMin || version > kFormatVersion)
    return fail(ErrorCode::kUnsupported,
                fmt::format("the segment has format version {}, this program reads versions {} to {}", version,
                            kFormatVersionMin, kFormatVersion),
                "use the version of AgentOS that wrote the log, or a newer one");
  const auto size = load<std::uint32_t>(octets, kHeaderSizeAt);
  if (size < kHeaderUnit || size > kHeaderSizeMax || size % kHeaderUnit != 0)
    return fail(ErrorCode::kCorrupt, fmt::format("the segment header claims {} octets", size));
  return size;
}

Result<SegmentHeader> decode_header(std::string_view octets) {
  const std::size_t size = TRY(header_size(octets));
  if (octets.size() < size) return fail(ErrorCode::kCorrupt, "the segment ends inside its header");
  octets = octets.substr(0, size);
  if (load<std::uint32_t>(octets, kHeaderCrcAt) != crc32c(octets.substr(kFlagsAt)))
    return fail(ErrorCode::kCorrupt, "the segment header has a wrong checksum");
  const auto flags = load<std::uint32_t>(octets, kFlagsAt);
  const auto node_count = load<std::uint32_t>(octets, kNodesAt);
  const auto open_count = load<std::uint32_t>(octets, kOpenAt);
  SegmentHeader header;
  header.version = load<std::uint32_t>(octets, kVersionAt);
  header.first = load<Index>(octets, kFirstAt);
  header.capacity = load<std::uint64_t>(octets, kCapacityAt);
  header.created_us = load<std::int64_t>(octets, kCreatedAt);
  header.open_complete = (flags & kOpenIncomplete) == 0;
  if ((flags & ~kOpenIncomplete) != 0 || node_count != static_cast<std::uint32_t>(std::popcount(header.first)) ||
      open_count > kOpenIntentsListedMax || kListsAt + node_count * 32 + open_count * sizeof(Index) > size)
    return fail(ErrorCode::kCorrupt, "the segment header contradicts itself");
  std::vector<crypto::Digest> nodes(node_count);
  if (node_count > 0) std::memcpy(nodes.data(), octets.data() + kListsAt, node_count * 32);
  header.before = Frontier(header.first, nodes);
  header.open.resize(open_count);
  if (open_count > 0)
    std::memcpy(header.open.data(), octets.data() + kListsAt + node_count * 32, open_count * sizeof(Index));
  if (!all_zero(octets.substr(kListsAt + node_count * 32 + open_count * sizeof(Index))))
    return fail(ErrorCode::kCorrupt, "the segment header is followed by something else than zeroes");
  if (octets.substr(kRootAt, 32) != crypto::view(header.before.root()))
    return fail(ErrorCode::kCorrupt, "the segment header's root is not that of its subtrees");
  return header;
}

std::string segment_name(Index first) { return fmt::format("segment-{:020}.log", first); }

std::optional<Index> segment_first(std::string_view file_name) {
  constexpr std::string_view kPrefix = "segment-", kSuffix = ".log";
  if (file_name.size() != kPrefix.size() + 20 + kSuffix.size() || !file_name.starts_with(kPrefix) ||
      !file_name.ends_with(kSuffix))
    return std::nullopt;
  Index first = 0;
  for (char digit : file_name.substr(kPrefix.size(), 20)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    if (first > (~Index{0} - 9) / 10) return std::nullopt;
    first = first * 10 + static_cast<Index>(digit - '0');
  }
  return first;
}

void seal_frame(char* octets, const FrameHeader& header) {
  const std::size_t used =
      kFrameHeaderSize + header.stored_size + (header.opening_size == 0 ? 0 : kSaltSize + header.opening_size);
  const std::size_t size = padded(used);
  store(octets, kFrameMagic);
  store(octets + kIndexAt, header.index);
  store(octets + kBatchAt, header.batch_index);
  store(octets + kLeafSizeAt, header.stored_size);
  store(octets + kOpeningSizeAt, header.opening_size);
  const std::uint16_t opening = header.opening_size == 0 ? std::uint16_t{0} : kFrameHasOpening;
  store(octets + kFrameFlagsAt, static_cast<std::uint16_t>(header.flags | opening));
  store(octets + kGroupAt, header.group);
  store(octets + kZeroAt, std::uint8_t{0});
  std::memset(octets + used, 0, size - used);
  store(octets + kFrameCrcAt, crc32c({octets + kIndexAt, size - kIndexAt}));
}

std::expected<Frame, const char*> decode_frame(std::string_view octets) {
  if (octets.size() < kFrameHeaderSize) return std::unexpected("the file ends inside a frame header");
  if (load<std::uint32_t>(octets, 0) != kFrameMagic) return std::unexpected("no frame begins here");
  const auto leaf_size = load<std::uint32_t>(octets, kLeafSizeAt);
  const auto opening_size = load<std::uint32_t>(octets, kOpeningSizeAt);
  Frame frame;
  frame.flags = load<std::uint16_t>(octets, kFrameFlagsAt);
  if (leaf_size == 0 || leaf_size > kEntrySizeMax || opening_size > kOpeningSizeMax)
    return std::unexpected("the frame's sizes are out of range");
  if ((frame.flags & ~(kFrameHasOpening | kFrameErased | kFrameDifference)) != 0 ||
      frame.has_opening() != (opening_size != 0) || (frame.erased() && !frame.has_opening()) ||
      load<std::uint8_t>(octets, kZeroAt) != 0)
    return std::unexpected("the frame's flags contradict its sizes");
  frame.group = load<std::uint8_t>(octets, kGroupAt);
  if (frame.group >= kLeafGroups) return std::unexpected("the frame's group is out of range");
  frame.size = frame_size(leaf_size, opening_size);
  if (octets.size() < frame.size) return std::unexpected("the file ends inside a frame");
  octets = octets.substr(0, frame.size);
  if (load<std::uint32_t>(octets, kFrameCrcAt) != crc32c(octets.substr(kIndexAt)))
    return std::unexpected("the frame has a wrong checksum");
  frame.index = load<Index>(octets, kIndexAt);
  frame.batch_index = load<std::uint32_t>(octets, kBatchAt);
  if (frame.batch_index > frame.index) return std::unexpected("the frame's place in its batch is out of range");
  frame.stored = octets.substr(kFrameHeaderSize, leaf_size);
  if (!frame.is_difference()) frame.leaf = frame.stored;
  std::size_t end = kFrameHeaderSize + leaf_size;
  if (frame.has_opening()) {
    frame.salt = octets.substr(end, kSaltSize);
    frame.opening = octets.substr(end + kSaltSize, opening_size);
    end += kSaltSize + opening_size;
  }
  if (!all_zero(octets.substr(end))) return std::unexpected("the frame's padding is not zero");
  if (frame.erased() && !(all_zero(frame.salt) && all_zero(frame.opening)))
    return std::unexpected("the frame says erased but holds an opening");
  return frame;
}

}  // namespace agentos::recorder
