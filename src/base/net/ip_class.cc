// What addresses are for: the questions of CEL's network extension, and one class from the IANA special-purpose
// registries and the published addresses of cloud metadata services.
#include "base/net/ip_address.h"

namespace agentos::net {
namespace {

struct Range {
  IpAddress start;
  int length;
  AddressClass address_class;
};

constexpr IpAddress dotted(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return IpAddress::v4(a << 24 | b << 16 | c << 8 | d);
}

// The first range that contains an address gives its class.
using enum AddressClass;
constexpr auto kRanges = std::to_array<Range>({
    {dotted(0, 0, 0, 0), 8, kUnspecified},
    {IpAddress::v6(0, 0), 128, kUnspecified},
    {dotted(127, 0, 0, 0), 8, kLoopback},
    {IpAddress::v6(0, 1), 128, kLoopback},
    {dotted(169, 254, 169, 254), 32, kMetadata},                 // AWS, Azure, Google, OpenStack and others
    {dotted(169, 254, 169, 253), 32, kMetadata},                 // AWS resolver
    {dotted(169, 254, 170, 2), 32, kMetadata},                   // ECS task credentials
    {dotted(169, 254, 170, 23), 32, kMetadata},                  // EKS pod identity
    {dotted(169, 254, 0, 23), 32, kMetadata},                    // Tencent
    {dotted(100, 100, 100, 200), 32, kMetadata},                 // Alibaba
    {dotted(168, 63, 129, 16), 32, kMetadata},                   // Azure's platform channel
    {dotted(192, 0, 0, 192), 32, kMetadata},                     // Oracle
    {IpAddress::v6(0xfd000ec200000000, 0x254), 128, kMetadata},  // AWS
    {IpAddress::v6(0xfd000ec200000000, 0x253), 128, kMetadata},
    {IpAddress::v6(0xfd000ec200000000, 0x23), 128, kMetadata},
    {IpAddress::v6(0xfd2000ce00000000, 0x254), 128, kMetadata},  // Google
    {dotted(169, 254, 0, 0), 16, kLinkLocal},
    {IpAddress::v6(0xfe80000000000000, 0), 10, kLinkLocal},
    {dotted(10, 0, 0, 0), 8, kPrivate},
    {dotted(172, 16, 0, 0), 12, kPrivate},
    {dotted(192, 168, 0, 0), 16, kPrivate},
    {IpAddress::v6(0xfc00000000000000, 0), 7, kPrivate},
    {IpAddress::v6(0xfec0000000000000, 0), 10, kPrivate},
    {dotted(100, 64, 0, 0), 10, kCarrierGradeNat},
    {dotted(192, 0, 2, 0), 24, kDocumentation},
    {dotted(198, 51, 100, 0), 24, kDocumentation},
    {dotted(203, 0, 113, 0), 24, kDocumentation},
    {IpAddress::v6(0x20010db800000000, 0), 32, kDocumentation},
    {IpAddress::v6(0x3fff000000000000, 0), 20, kDocumentation},
    {dotted(224, 0, 0, 0), 4, kMulticast},
    {IpAddress::v6(0xff00000000000000, 0), 8, kMulticast},
    {dotted(192, 0, 0, 0), 24, kReserved},
    {dotted(192, 88, 99, 0), 24, kReserved},
    {dotted(198, 18, 0, 0), 15, kReserved},
    {dotted(240, 0, 0, 0), 4, kReserved},
    {IpAddress::v6(0x0064ff9b00000000, 0), 96, kGlobal},  // NAT64: leads to the IPv4 address within
    {IpAddress::v6(0x0064ff9b00010000, 0), 48, kReserved},
    {IpAddress::v6(0x0100000000000000, 0), 64, kReserved},
    {IpAddress::v6(0x2001000000000000, 0), 23, kReserved},
    {IpAddress::v6(0x5f00000000000000, 0), 16, kReserved},
});

AddressClass class_by_range(const IpAddress& address) {
  for (const Range& range : kRanges) {
    if (range.start.family() == address.family() && IpPrefix(range.start, range.length).contains(address)) {
      return range.address_class;
    }
  }
  // Of IPv6 only 2000::/3 is given out.
  return address.is_v4() || address.high() >> 61 == 1 ? kGlobal : kReserved;
}

}  // namespace

std::string_view name_of(AddressClass address_class) {
  switch (address_class) {
    case kUnspecified:
      return "unspecified";
    case kLoopback:
      return "loopback";
    case kMetadata:
      return "metadata";
    case kLinkLocal:
      return "link_local";
    case kPrivate:
      return "private";
    case kCarrierGradeNat:
      return "carrier_grade_nat";
    case kDocumentation:
      return "documentation";
    case kMulticast:
      return "multicast";
    case kReserved:
      return "reserved";
    case kGlobal:
      return "global";
  }
  return "reserved";
}

bool IpAddress::is_unspecified() const { return high_ == 0 && low_ == 0; }

bool IpAddress::is_loopback() const { return is_v4() ? low_ >> 24 == 127 : high_ == 0 && low_ == 1; }

bool IpAddress::is_multicast() const { return is_v4() ? low_ >> 28 == 0xe : high_ >> 56 == 0xff; }

bool IpAddress::is_link_local_unicast() const { return is_v4() ? low_ >> 16 == 0xa9fe : high_ >> 54 == 0xfe80 >> 6; }

bool IpAddress::is_link_local_multicast() const {
  return is_v4() ? low_ >> 8 == 0xe00000 : (high_ >> 48 & 0xff0f) == 0xff02;
}

bool IpAddress::is_global_unicast() const {
  if (is_v4() && low_ == 0xffffffff) return false;
  return !is_unspecified() && !is_loopback() && !is_multicast() && !is_link_local_unicast();
}

IpAddress IpAddress::unmapped() const {
  const bool mapped = !is_v4() && high_ == 0 && low_ >> 32 == 0xffff;
  return mapped ? v4(static_cast<std::uint32_t>(low_)) : *this;
}

std::optional<IpAddress> IpAddress::embedded_v4() const {
  if (is_v4()) return std::nullopt;
  const auto low32 = static_cast<std::uint32_t>(low_);
  if (high_ == 0) {
    const std::uint64_t head = low_ >> 32;
    // Compatible (::a.b.c.d, but not :: and ::1), mapped, and translated (::ffff:0:a.b.c.d, RFC 2765).
    if (head == 0xffff || head == 0xffff0000 || (head == 0 && low32 > 1)) return v4(low32);
    return std::nullopt;
  }
  if (high_ == 0x0064ff9b00000000 && low_ >> 32 == 0) return v4(low32);
  if (high_ >> 16 == 0x0064ff9b0001) return v4(low32);
  if (high_ >> 48 == 0x2002) return v4(static_cast<std::uint32_t>(high_ >> 16));
  if (high_ >> 32 == 0x20010000) return v4(~low32);
  // ISATAP: interface identifier 0000:5efe or 0200:5efe before the address.
  if (((low_ >> 32) & 0xfdffffff) == 0x5efe) return v4(low32);
  return std::nullopt;
}

AddressClass IpAddress::address_class() const {
  if (const auto embedded = embedded_v4()) {
    const AddressClass inner = class_by_range(*embedded);
    if (inner != kGlobal) return inner;
  }
  return class_by_range(unmapped());
}

}  // namespace agentos::net
