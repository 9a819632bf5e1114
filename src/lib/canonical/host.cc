// From any spelling of a host to the one that is matched: decode, map, then decide between address and name in the
// order browsers do (a last label that looks like a number makes it an IPv4 address or an error).
#include "lib/canonical/host.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "lib/canonical/host_parts.h"
#include "lib/canonical/octets.h"

namespace agentos::canonical {
namespace {

constexpr std::size_t kShownMax = 100;

std::unexpected<Error> refuse(std::string_view text, std::string_view why, std::string hint) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("the host \"{}\" {}", printable(text.substr(0, kShownMax)), why),
              std::move(hint));
}

void set_text(Host& host, std::string_view text) {
  CHECK(text.size() <= host.octets.size());
  std::ranges::copy(text, host.octets.begin());
  host.size = static_cast<std::uint8_t>(text.size());
}

void set_address(Host& host, const net::IpAddress& address) {
  const net::IpAddress plain = address.unmapped();
  if (plain != address) host.oddities |= kMappedIpv4;
  host.kind = plain.is_v4() ? HostKind::kIpv4 : HostKind::kIpv6;
  host.address = plain;
  set_text(host, plain.text());
}

// IPv6 text without brackets, perhaps with a zone.
std::optional<Host> read_ipv6(std::string_view text) {
  Host host;
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    std::string_view zone = text.substr(percent + 1);
    if (zone.starts_with("25") && zone.size() > 2) {
      zone.remove_prefix(2);
    } else if (escape_at(text, percent) >= 0) {
      return std::nullopt;  // [::%31] is a zone for some and [::1] for others
    }
    if (zone.empty() || !std::ranges::all_of(zone, is_name_octet)) return std::nullopt;
    host.oddities |= kZone;
    text = text.substr(0, percent);
  }
  if (text.find(':') == std::string_view::npos) return std::nullopt;
  auto address = net::scan_ip(text);
  if (!address && address.error() == net::IpFault::kMapped) {
    // The dotted tail of a mapped address is strict IPv4; the head must be a spelling of ::ffff.
    address = net::scan_ip(text.substr(text.rfind(':') + 1));
  }
  if (!address) return std::nullopt;
  set_address(host, *address);
  if (host.kind == HostKind::kIpv4) host.oddities |= kMappedIpv4;
  return host;
}

Result<Host> read_bracketed(std::string_view text) {
  if (!text.ends_with(']')) return refuse(text, "has no closing bracket at its end", "write [2001:db8::1]");
  if (const auto host = read_ipv6(text.substr(1, text.size() - 2))) return *host;
  return refuse(text, "is not an IPv6 address", "only an IPv6 address stands in brackets");
}

// `name` is ASCII, lower case, without trailing dot.
Result<Host> read_ascii(std::string_view text, std::string_view name, std::uint16_t oddities) {
  Host host;
  host.oddities = oddities;
  if (const auto fault = name_fault(name)) return refuse(text, *fault, "a host name is labels of letters and digits");
  if (ends_in_number(name)) {
    const auto address = read_loose_ipv4(name);
    if (!address) {
      return refuse(text, "looks like an IPv4 address but is none", "write four decimal numbers, as in 192.0.2.1");
    }
    host.oddities |= address->oddities;
    set_address(host, net::IpAddress::v4(address->value));
    return host;
  }
  set_text(host, name);
  return host;
}

}  // namespace

Result<Host> read_host(std::string_view text) {
  if (text.empty()) return fail(ErrorCode::kInvalidArgument, "the host is empty", "name a host");
  if (text.size() > kHostBytesMax) {
    return fail(ErrorCode::kTooLarge, fmt::format("the host has {} octets", text.size()),
                fmt::format("a host has at most {} octets", kHostBytesMax));
  }
  if (text.front() == '[') return read_bracketed(text);
  if (std::ranges::count(text, ':') >= 2) {
    if (const auto host = read_ipv6(text)) return *host;
    return refuse(text, "is not an IPv6 address", "write it as in 2001:db8::1");
  }
  std::array<char, kHostBytesMax> decoded{};
  std::array<char, kHostNameBytesMax + 2> mapped{};
  std::uint16_t oddities = 0;
  std::string_view name = text;
  if (text.find('%') != std::string_view::npos) {
    const auto size = percent_decode(text, decoded);
    if (!size) return refuse(text, "has a broken percent escape", "write the host without percent escapes");
    name = {decoded.data(), *size};
    oddities |= kPercentEncoded;
  }
  const auto ascii = map_to_ascii(name, mapped, oddities);
  if (!ascii) return refuse(text, ascii.error(), "write the name's A-labels, as in xn--mnchen-3ya.de");
  name = *ascii;
  if (name.ends_with('.') && name.size() > 1) {
    name.remove_suffix(1);
    oddities |= kTrailingDot;
  }
  return read_ascii(text, name, oddities);
}

Result<HostPattern> HostPattern::parse(std::string_view text) {
  HostPattern pattern;
  if (text.find('/') != std::string_view::npos) {
    pattern.kind_ = Kind::kPrefix;
    pattern.prefix_ = TRY(net::parse_prefix(text));
    return pattern;
  }
  const bool subdomains = text.starts_with("*.");
  pattern.kind_ = subdomains ? Kind::kSubdomains : Kind::kExact;
  pattern.host_ = TRY(read_host(subdomains ? text.substr(2) : text));
  if (subdomains && pattern.host_.is_ip()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the host pattern \"{}\" has no sub-domains", printable(text)),
                "write the address alone, or a prefix such as 10.0.0.0/8");
  }
  return pattern;
}

bool HostPattern::matches(const Host& host) const {
  switch (kind_) {
    case Kind::kPrefix:
      return host.is_ip() && prefix_.contains(host.address);
    case Kind::kExact:
      return host.kind == host_.kind && host.text() == host_.text();
    case Kind::kSubdomains: {
      const std::string_view name = host.text();
      const std::string_view parent = host_.text();
      return !host.is_ip() && name.size() > parent.size() + 1 && name.ends_with(parent) &&
             name[name.size() - parent.size() - 1] == '.';
    }
  }
  return false;
}

}  // namespace agentos::canonical
