// One form for every way to write a host: what a resolver, inet_aton or a browser would contact, or a refusal.
//
// 2130706433, 0177.0.0.1, 0x7f.1, 127.1, [::ffff:7f00:1], 127。0。0。1 and %31%32%37.1 are all 127.0.0.1; names become
// lower-case A-labels (UTS #46, libidn2) without a trailing dot. No allocation for ASCII without "xn--" labels.
// A text that is refused has no canonical form: a rule that asks for one must deny.
// Sources: RFC 1034, RFC 4291, RFC 5952, RFC 6874, POSIX inet_addr, WHATWG URL section 3.5, UTS #46.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/net/ip_address.h"

namespace agentos::canonical {

inline constexpr std::size_t kHostBytesMax = 1024;     // of a text
inline constexpr std::size_t kHostNameBytesMax = 253;  // of a canonical name
inline constexpr std::size_t kHostLabelBytesMax = 63;

enum class HostKind : std::uint8_t { kName, kIpv4, kIpv6 };

// What was unusual about the spelling; bits of Host::oddities.
enum HostOddity : std::uint16_t {
  kOddIpv4Notation = 1,      // not four plain decimal numbers: inet_aton and browsers read it, others ask DNS
  kLeadingZero = 1 << 1,     // 010.0.0.1: octal for some, decimal for others
  kZone = 1 << 2,            // %eth0 was dropped
  kPercentEncoded = 1 << 3,  // some clients decode, some do not
  kUnicodeMapped = 1 << 4,   // was not ASCII
  kIdnaDiffers = 1 << 5,     // IDNA 2003 and 2008 give different names
  kTrailingDot = 1 << 6,     // the same host for DNS
  kMappedIpv4 = 1 << 7,      // was written as ::ffff:a.b.c.d; kind is kIpv4
};
// Spellings that common clients resolve differently.
inline constexpr std::uint16_t kAmbiguousHost =
    kOddIpv4Notation | kLeadingZero | kZone | kPercentEncoded | kIdnaDiffers;

struct Host {
  HostKind kind = HostKind::kName;
  std::uint8_t size = 0;
  std::uint16_t oddities = 0;
  net::IpAddress address;  // meaningless for a name
  std::array<char, kHostNameBytesMax + 1> octets{};

  // "example.com", "127.0.0.1", "2001:db8::1" (no brackets).
  std::string_view text() const { return {octets.data(), size}; }
  bool is_ip() const { return kind != HostKind::kName; }
  bool ambiguous() const { return (oddities & kAmbiguousHost) != 0; }
};

// The whole text is the host: a port, userinfo or scheme is refused. Names have letters, digits, '-' and '_' only.
// kInvalidArgument; kTooLarge.
Result<Host> read_host(std::string_view text);

// A pattern of a rule: "example.com", "*.example.com" (its sub-domains, not itself), "10.0.0.1" in any notation
// read_host() takes, or a prefix "10.0.0.0/8".
class HostPattern {
 public:
  static Result<HostPattern> parse(std::string_view text);  // kInvalidArgument
  bool matches(const Host& host) const;

 private:
  enum class Kind : std::uint8_t { kExact, kSubdomains, kPrefix };
  Kind kind_ = Kind::kExact;
  Host host_;
  net::IpPrefix prefix_;
};

}  // namespace agentos::canonical
