// What is read writes itself back to the same value; strict IPv6 and IPv4 agree with inet_pton.
#include <arpa/inet.h>

#include <cstdlib>
#include <string>

#include "base/net/ip_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace agentos::net;
  const std::string text(reinterpret_cast<const char*>(octets), size);
  if (const auto address = scan_ip(text)) {
    const auto again = scan_ip(address->text());
    if (!again || *again != *address || !is_canonical_ip(address->text())) std::abort();
    std::array<std::uint8_t, 16> expected{};
    const bool colon = text.find(':') != std::string::npos;
    if (text.find('\0') != std::string::npos) std::abort();
    if (inet_pton(colon ? AF_INET6 : AF_INET, text.c_str(), expected.data()) != 1) std::abort();
    const IpAddress theirs = colon ? IpAddress::from_octets(std::span<const std::uint8_t, 16>(expected))
                                   : IpAddress::from_octets(std::span(expected).first<4>());
    if (theirs.unmapped() != *address || name_of(address->address_class()).empty()) std::abort();
  } else if (address.error() == IpFault::kMalformed && text.find('\0') == std::string::npos) {
    in6_addr scratch{};
    if (inet_pton(AF_INET, text.c_str(), &scratch) == 1 || inet_pton(AF_INET6, text.c_str(), &scratch) == 1)
      std::abort();
  }
  if (const auto prefix = scan_prefix(text)) {
    const auto again = scan_prefix(prefix->text());
    if (!again || *again != *prefix || !prefix->contains(prefix->address()) || !prefix->masked().contains(*prefix))
      std::abort();
  }
  return 0;
}
