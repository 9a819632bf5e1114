// Octet by octet as RFC 1928 lays them out.
#include "lib/egress/socks.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/net/ip_address.h"
#include "lib/canonical/host.h"

namespace agentos::egress {
namespace {

constexpr std::uint8_t kConnect = 1;
constexpr std::uint8_t kIpv4 = 1, kName = 3, kIpv6 = 4;
constexpr std::size_t kRequestStart = 4;  // version, command, reserved, kind of address

std::uint8_t octet(std::string_view octets, std::size_t at) { return static_cast<std::uint8_t>(octets[at]); }

template <std::size_t kSize>
std::string address_text(std::string_view octets) {
  std::array<std::uint8_t, kSize> raw{};
  for (std::size_t i = 0; i < kSize; ++i) raw[i] = octet(octets, i);
  return std::string(net::IpAddress::from_octets(std::span<const std::uint8_t, kSize>(raw)).unmapped().text().view());
}

}  // namespace

Result<std::size_t> read_socks_greeting(std::string_view octets) {
  if (!octets.empty() && octets[0] != kSocksVersion) return fail(ErrorCode::kMalformed, "not SOCKS version 5");
  if (octets.size() < 2) return std::size_t{0};
  const std::size_t count = octet(octets, 1);
  if (count == 0) return fail(ErrorCode::kMalformed, "the SOCKS greeting offers no method");
  if (octets.size() < 2 + count) return std::size_t{0};
  if (octets.substr(2, count).find('\0') == std::string_view::npos) {
    return fail(ErrorCode::kUnsupported, "the SOCKS client does not offer to go without authentication");
  }
  return 2 + count;
}

std::string_view socks_method_chosen() { return {"\x05\x00", 2}; }
std::string_view socks_no_method() { return {"\x05\xff", 2}; }

Result<SocksRequest> read_socks_request(std::string_view octets) {
  SocksRequest out;
  if (octets.size() <= kRequestStart) return out;
  if (octets[0] != kSocksVersion || octets[2] != 0) return fail(ErrorCode::kMalformed, "not a SOCKS 5 request");
  if (octet(octets, 1) != kConnect) return fail(ErrorCode::kUnsupported, "only CONNECT is served over SOCKS");
  std::size_t at = kRequestStart, size = 0;
  switch (octet(octets, 3)) {
    case kIpv4:
      size = 4;
      break;
    case kIpv6:
      size = 16;
      break;
    case kName:
      size = octet(octets, at++);
      break;
    default:
      return fail(ErrorCode::kMalformed, "an unknown kind of SOCKS address");
  }
  if (size == 0) return fail(ErrorCode::kMalformed, "the SOCKS request names no host");
  if (octets.size() < at + size + 2) return out;
  const std::string_view address = octets.substr(at, size);
  if (octet(octets, 3) == kIpv4) {
    out.host = address_text<4>(address);
  } else if (octet(octets, 3) == kIpv6) {
    out.host = address_text<16>(address);
  } else {
    out.host = TRY(canonical::read_host(address)).text();
  }
  at += size;
  out.port = static_cast<std::uint16_t>(octet(octets, at) << 8 | octet(octets, at + 1));
  if (out.port == 0) return fail(ErrorCode::kMalformed, "the SOCKS request names port 0");
  out.size = at + 2;
  return out;
}

std::string socks_reply(SocksReply reply) {
  std::string out(10, '\0');  // bound address 0.0.0.0:0
  out[0] = kSocksVersion;
  out[1] = static_cast<char>(reply);
  out[3] = kIpv4;
  return out;
}

}  // namespace agentos::egress
