// Strict reading of addresses and prefixes; every octet of the text is accounted for.
#include <fmt/format.h>

#include "base/net/ip_address.h"

namespace agentos::net {
namespace {

constexpr int kGroups = 8;
constexpr std::size_t kTextShownMax = 100;  // of a refused text, in its error

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A decimal number of at most `digits_max` digits without leading zeros, cut from the front of `text`; -1 if none.
int take_decimal(std::string_view& text, std::size_t digits_max) {
  std::size_t size = 0;
  int value = 0;
  while (size < text.size() && text[size] >= '0' && text[size] <= '9') {
    if (size == digits_max) return -1;
    value = value * 10 + (text[size++] - '0');
  }
  if (size == 0 || (size > 1 && text[0] == '0')) return -1;
  text.remove_prefix(size);
  return value;
}

std::optional<std::uint32_t> scan_dotted(std::string_view text) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    if (i != 0) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
    const int octet = take_decimal(text, 3);
    if (octet < 0 || octet > 255) return std::nullopt;
    address = address << 8 | static_cast<std::uint32_t>(octet);
  }
  if (!text.empty()) return std::nullopt;
  return address;
}

// The groups as they are read, and where "::" stands among them.
struct Groups {
  std::array<std::uint16_t, kGroups> values{};
  int count = 0;
  int gap = -1;
  bool dotted = false;

  bool add(unsigned value) {
    if (count == kGroups) return false;
    values[static_cast<std::size_t>(count++)] = static_cast<std::uint16_t>(value);
    return true;
  }
};

// One to four hexadecimal digits, cut from the front; -1 if there are none or too many.
int take_group(std::string_view& text) {
  std::size_t size = 0;
  int value = 0;
  while (size < text.size() && hex_digit(text[size]) >= 0) {
    if (size == 4) return -1;
    value = value << 4 | hex_digit(text[size++]);
  }
  if (size == 0) return -1;
  text.remove_prefix(size);
  return value;
}

bool scan_groups(std::string_view text, Groups& groups) {
  if (text.starts_with("::")) {
    groups.gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      const auto tail = scan_dotted(text);
      groups.dotted = true;
      return tail && groups.add(*tail >> 16) && groups.add(*tail & 0xffff);
    }
    const int value = take_group(text);
    if (value < 0 || !groups.add(static_cast<unsigned>(value))) return false;
    if (text.empty()) return true;
    if (text[0] != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text[0] == ':') {
      if (groups.gap >= 0) return false;
      groups.gap = groups.count;
      text.remove_prefix(1);
    }
  }
  return true;
}

std::expected<IpAddress, IpFault> scan_v6(std::string_view text) {
  Groups groups;
  if (!scan_groups(text, groups)) return std::unexpected(IpFault::kMalformed);
  // "::" stands for at least one group.
  if (groups.gap < 0 ? groups.count != kGroups : groups.count >= kGroups) return std::unexpected(IpFault::kMalformed);
  std::array<std::uint64_t, 2> halves{};
  const int gap = groups.gap < 0 ? kGroups : groups.gap;
  for (int i = 0; i < groups.count; ++i) {
    const int place = i < gap ? i : i + kGroups - groups.count;
    halves[static_cast<std::size_t>(place / 4)] |= std::uint64_t{groups.values[static_cast<std::size_t>(i)]}
                                                   << (48 - 16 * (place % 4));
  }
  const IpAddress address = IpAddress::v6(halves[0], halves[1]);
  const IpAddress unmapped = address.unmapped();
  if (unmapped.is_v4() && groups.dotted) return std::unexpected(IpFault::kMapped);
  return unmapped;
}

std::unexpected<Error> refuse(std::string_view what, IpFault fault, std::string_view text) {
  const std::string_view shown = text.substr(0, kTextShownMax);
  switch (fault) {
    case IpFault::kZone:
      return fail(ErrorCode::kInvalidArgument, fmt::format("{} with zone value is not allowed: '{}'", what, shown),
                  "leave out \"%\" and what follows it");
    case IpFault::kMapped:
      return fail(ErrorCode::kInvalidArgument, fmt::format("IPv4-mapped IPv6 address is not allowed: '{}'", shown),
                  "write the IPv4 address alone");
    case IpFault::kMalformed:
    case IpFault::kPrefixLength:
      break;
  }
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} '{}' parse error during conversion from string{}", what, shown,
                          fault == IpFault::kPrefixLength ? ": wrong prefix length" : ""));
}

}  // namespace

std::expected<IpAddress, IpFault> scan_ip(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto address = scan_dotted(text);
    if (!address) return std::unexpected(IpFault::kMalformed);
    return IpAddress::v4(*address);
  }
  const std::size_t zone = text.find('%');
  auto address = scan_v6(text.substr(0, zone));
  if (zone != std::string_view::npos && address) return std::unexpected(IpFault::kZone);
  return address;
}

Result<IpAddress> parse_ip(std::string_view text) {
  const auto address = scan_ip(text);
  if (!address) return refuse("IP Address", address.error(), text);
  return *address;
}

bool is_canonical_ip(std::string_view text) {
  const auto address = scan_ip(text);
  return address && address->text().view() == text;
}

std::expected<IpPrefix, IpFault> scan_prefix(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::unexpected(IpFault::kMalformed);
  const std::string_view address_text = text.substr(0, slash);
  const auto address = scan_ip(address_text);
  if (!address) return std::unexpected(address.error());
  // A prefix of a mapped address has no IPv4 reading that all agree on, however it is spelled.
  if (address->is_v4() && address_text.find(':') != std::string_view::npos) return std::unexpected(IpFault::kMapped);
  std::string_view length_text = text.substr(slash + 1);
  const int length = take_decimal(length_text, 3);
  if (length < 0 || !length_text.empty() || length > address->bits()) return std::unexpected(IpFault::kPrefixLength);
  return IpPrefix(*address, length);
}

Result<IpPrefix> parse_prefix(std::string_view text) {
  const auto prefix = scan_prefix(text);
  if (!prefix) {
    return refuse(prefix.error() == IpFault::kZone ? "CIDR" : "network address", prefix.error(), text);
  }
  return *prefix;
}

}  // namespace agentos::net
