// IP addresses and CIDR prefixes as values: one strict spelling in, the canonical spelling of RFC 5952 out.
//
// Strict means what Go's netip reads and CEL's network extension asks for: four decimal numbers without leading zeros,
// or RFC 4291 text; no zone. Looser notations (127.1, 0x7f.1, brackets) belong to lib/canonical, which turns them into
// this type. No function here allocates, except that a Result's error carries text.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"

namespace agentos::net {

enum class Family : std::uint8_t { kIpv4 = 4, kIpv6 = 6 };

// What an address is for (IANA special-purpose registries; metadata services as cloud vendors publish them). The first
// that fits in this order; only kGlobal is the public internet.
enum class AddressClass : std::uint8_t {
  kUnspecified,      // 0.0.0.0/8 ("this host"), ::
  kLoopback,         // 127.0.0.0/8, ::1
  kMetadata,         // a cloud's metadata or credential service, such as 169.254.169.254 and fd00:ec2::254
  kLinkLocal,        // 169.254.0.0/16, fe80::/10
  kPrivate,          // RFC 1918, RFC 4193 fc00::/7, site-local fec0::/10
  kCarrierGradeNat,  // 100.64.0.0/10
  kDocumentation,    // RFC 5737, 2001:db8::/32, 3fff::/20
  kMulticast,        // 224.0.0.0/4, ff00::/8
  kReserved,  // the rest that is not public: 240.0.0.0/4 with broadcast, 192.0.0.0/24, 198.18.0.0/15, 100::/64 ...
  kGlobal,
};
std::string_view name_of(AddressClass address_class);  // "loopback", "carrier_grade_nat", ...

// Text of an address or prefix, held in place; 63 octets are more than any needs.
class IpText {
 public:
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor): it is text
  std::string_view view() const { return {octets_.data(), size_}; }
  void append(char c) { octets_[size_++] = c; }
  void append(std::string_view text) {
    for (const char c : text) append(c);
  }

 private:
  std::array<char, 63> octets_{};
  std::uint8_t size_ = 0;
};

class IpAddress {
 public:
  constexpr IpAddress() = default;  // 0.0.0.0
  static constexpr IpAddress v4(std::uint32_t host_order) { return {0, host_order, Family::kIpv4}; }
  static constexpr IpAddress v6(std::uint64_t high, std::uint64_t low) { return {high, low, Family::kIpv6}; }
  static IpAddress from_octets(std::span<const std::uint8_t, 4> octets);  // network order
  static IpAddress from_octets(std::span<const std::uint8_t, 16> octets);

  constexpr Family family() const { return family_; }
  constexpr bool is_v4() const { return family_ == Family::kIpv4; }
  constexpr std::uint64_t high() const { return high_; }  // of 128 bits; 0 for IPv4
  constexpr std::uint64_t low() const { return low_; }    // IPv4: the 32 bits
  constexpr int bits() const { return is_v4() ? 32 : 128; }
  std::array<std::uint8_t, 16> octets() const;  // network order; IPv4 uses the first four

  IpText text() const;  // RFC 5952; ::ffff:0:0/96 with a dotted tail

  // As CEL, Kubernetes and Go's netip mean them: private addresses count as global unicast.
  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_multicast() const;
  bool is_link_local_unicast() const;
  bool is_link_local_multicast() const;
  bool is_global_unicast() const;

  // ::ffff:a.b.c.d as a.b.c.d; anything else as it is.
  IpAddress unmapped() const;
  // The IPv4 address a packet to this IPv6 address may end at: mapped, compatible, NAT64 (64:ff9b::/96 and
  // 64:ff9b:1::/48), 6to4, ISATAP and Teredo.
  std::optional<IpAddress> embedded_v4() const;
  // An embedded IPv4 address that is not global decides.
  AddressClass address_class() const;

  constexpr auto operator<=>(const IpAddress&) const = default;  // IPv4 before IPv6, then by number

 private:
  constexpr IpAddress(std::uint64_t high, std::uint64_t low, Family family) : family_(family), high_(high), low_(low) {}
  Family family_ = Family::kIpv4;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

// Why a text is no address.
enum class IpFault : std::uint8_t { kMalformed, kZone, kMapped, kPrefixLength };

// Strict. The dotted spelling ::ffff:192.168.0.1 is refused (kMapped); ::ffff:c0a8:1 is read as the IPv4 address
// 192.168.0.1, as CEL's conformance data wants. The whole text must be the address.
std::expected<IpAddress, IpFault> scan_ip(std::string_view text);
// The same, with a sentence in CEL's words that names the text. kInvalidArgument.
Result<IpAddress> parse_ip(std::string_view text);
// The address's own spelling is the canonical one: ip.isCanonical of CEL.
bool is_canonical_ip(std::string_view text);

// An address and how many of its leading bits count. The address keeps its other bits until masked().
class IpPrefix {
 public:
  constexpr IpPrefix() = default;  // 0.0.0.0/0
  // Precondition: 0 <= length <= address.bits().
  IpPrefix(const IpAddress& address, int length);

  const IpAddress& address() const { return address_; }
  int length() const { return length_; }
  IpPrefix masked() const;
  bool contains(const IpAddress& address) const;  // false for the other family
  bool contains(const IpPrefix& other) const;
  IpText text() const;  // "10.0.0.0/8"

  constexpr auto operator<=>(const IpPrefix&) const = default;

 private:
  IpAddress address_;
  std::uint8_t length_ = 0;
};

// "192.168.0.0/24", "2001:db8::/32"; host bits may be set. The length is decimal without leading zeros.
// kInvalidArgument.
std::expected<IpPrefix, IpFault> scan_prefix(std::string_view text);
Result<IpPrefix> parse_prefix(std::string_view text);

}  // namespace agentos::net

template <>
struct std::hash<agentos::net::IpAddress> {
  std::size_t operator()(const agentos::net::IpAddress& address) const noexcept {
    // Two odd multipliers spread both halves; the family tells ::1 from 0.0.0.1.
    return static_cast<std::size_t>((address.high() * 0x9e3779b97f4a7c15U) ^ (address.low() * 0xc2b2ae3d27d4eb4fU) ^
                                    static_cast<std::uint64_t>(address.family()));
  }
};

template <>
struct std::hash<agentos::net::IpPrefix> {
  std::size_t operator()(const agentos::net::IpPrefix& prefix) const noexcept {
    return std::hash<agentos::net::IpAddress>{}(prefix.address()) * 131 + static_cast<std::size_t>(prefix.length());
  }
};
