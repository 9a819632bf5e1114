// Which addresses that are not of the public internet an agent may be connected to: none, but those its profile lists.
//
// Policy decides about hosts; this holds beneath it, so a rule about a name can never lead to a private address because
// of what the name resolves to. An address that carries an IPv4 address in it (mapped, 6to4, NAT64, Teredo, ISATAP) is
// judged by that, too. A metadata service is reached only when its one address is listed, not a range around it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/net/ip_address.h"

namespace agentos::egress {

inline constexpr std::size_t kInternalPrefixesMax = 64;

class Reach {
 public:
  // Prefixes or single addresses: "10.1.0.0/16", "127.0.0.1". kInvalidArgument, kTooLarge.
  static Result<Reach> parse(const std::vector<std::string>& internal);
  // kNotPermitted with the address, its class and the line of a profile that would allow it.
  Status check(const net::IpAddress& address) const;

 private:
  std::vector<net::IpPrefix> internal_;
};

}  // namespace agentos::egress
