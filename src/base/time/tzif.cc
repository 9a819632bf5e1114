// Reads TZif: a header and block with 32-bit times that is passed over, the same with 64-bit times, and a footer line.
#include "base/time/tzif.h"

#include <fmt/format.h>

#include "base/time/zone.h"

namespace agentos {
namespace {

constexpr std::size_t kHeaderBytes = 44;
constexpr std::size_t kReservedBytes = 15;
constexpr std::size_t kTypeBytes = 6;
constexpr std::uint32_t kTypesMax = 256;
constexpr std::uint32_t kAbbreviationBytesMax = 4096;
constexpr std::size_t kFooterBytesMax = 128;

struct Header {
  char version = 0;
  std::uint32_t ut_indicators = 0;
  std::uint32_t standard_indicators = 0;
  std::uint32_t leap_seconds = 0;
  std::uint32_t times = 0;
  std::uint32_t types = 0;
  std::uint32_t abbreviation_bytes = 0;

  std::size_t block_bytes(std::size_t time_bytes) const {
    return times * (time_bytes + 1) + types * kTypeBytes + abbreviation_bytes + leap_seconds * (time_bytes + 4) +
           standard_indicators + ut_indicators;
  }
};

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::kMalformed, fmt::format("not a time zone file: {}", what));
}

class TzifReader {
 public:
  explicit TzifReader(std::string_view octets) : rest_(octets) {}

  Result<TzifContents> read() {
    const Header narrow = TRY(header());
    if (narrow.version < '2') {
      return fail(ErrorCode::kUnsupported, "the time zone file is of version 1, without 64-bit times",
                  "install the system's tzdata package");
    }
    if (rest_.size() < narrow.block_bytes(4)) return bad("it ends in the first block");
    rest_.remove_prefix(narrow.block_bytes(4));
    const Header wide = TRY(header());
    if (wide.leap_seconds != 0) {
      return fail(ErrorCode::kUnsupported, "the time zone counts leap seconds, which UTC instants here do not",
                  "use the zone without the right/ prefix");
    }
    if (rest_.size() < wide.block_bytes(8)) return bad("it ends in the second block");
    TzifContents contents = TRY(block(wide));
    rest_.remove_prefix(wide.block_bytes(8));
    TRY(footer(contents));
    return contents;
  }

 private:
  static std::uint64_t big_endian(std::string_view octets) {
    std::uint64_t value = 0;
    for (const char c : octets) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  Result<Header> header() {
    if (rest_.size() < kHeaderBytes) return bad("it ends in a header");
    if (!rest_.starts_with("TZif")) return bad("a header does not begin with TZif");
    Header header;
    header.version = rest_[4];
    std::size_t at = 5 + kReservedBytes;
    for (std::uint32_t* count : {&header.ut_indicators, &header.standard_indicators, &header.leap_seconds,
                                 &header.times, &header.types, &header.abbreviation_bytes}) {
      *count = static_cast<std::uint32_t>(big_endian(rest_.substr(at, 4)));
      at += 4;
    }
    rest_.remove_prefix(kHeaderBytes);
    if (header.times > kZoneTransitionsMax || header.leap_seconds > kZoneTransitionsMax) return bad("too many changes");
    if (header.types > kTypesMax || header.ut_indicators > kTypesMax || header.standard_indicators > kTypesMax)
      return bad("too many kinds of local time");
    if (header.abbreviation_bytes > kAbbreviationBytesMax) return bad("too many abbreviations");
    return header;
  }

  Result<TzifContents> block(const Header& header) const {
    if (header.types == 0) return bad("it has no kind of local time");
    const std::size_t kinds = header.times * std::size_t{8};
    const std::size_t types = kinds + header.times;
    std::vector<std::int32_t> offsets;
    for (std::size_t i = 0; i < header.types; ++i) {
      offsets.push_back(static_cast<std::int32_t>(big_endian(rest_.substr(types + i * kTypeBytes, 4))));
      if (offsets.back() < -kZoneOffsetMax || offsets.back() > kZoneOffsetMax) return bad("an offset exceeds 26 hours");
    }
    TzifContents contents;
    contents.first_offset_s = offsets[0];
    contents.changes.reserve(header.times);
    for (std::size_t i = 0; i < header.times; ++i) {
      const auto at_s = static_cast<std::int64_t>(big_endian(rest_.substr(i * 8, 8)));
      const auto type = static_cast<unsigned char>(rest_[kinds + i]);
      if (type >= header.types) return bad("a change to a kind of local time it does not have");
      if (at_s > kCivilSecondsMax) return bad("a change lies too far off");
      if (!contents.changes.empty() && at_s <= contents.changes.back().at_s) return bad("its changes are not in order");
      contents.changes.push_back({at_s, offsets[type]});
    }
    return contents;
  }

  Status footer(TzifContents& contents) const {
    const std::size_t end = rest_.find('\n', 1);
    if (!rest_.starts_with('\n') || end == std::string_view::npos) return bad("it has no footer");
    const std::string_view text = rest_.substr(1, end - 1);
    if (text.empty()) return {};
    if (text.size() <= kFooterBytesMax) contents.rule = parse_posix_rule(text);
    if (!contents.rule) return bad("its footer is not a POSIX rule");
    return {};
  }

  std::string_view rest_;
};

}  // namespace

Result<TzifContents> parse_tzif(std::string_view octets) {
  if (octets.size() > kZoneFileBytesMax) return bad("it is too large");
  return TzifReader(octets).read();
}

}  // namespace agentos
