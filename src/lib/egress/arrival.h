// What agentos-init tells the proxy with each connection it takes over: a packet of this shape, the connection
// attached. Both are of one build. This header must compile without the C++ library.
#pragma once

#include <cstddef>
#include <cstdint>

namespace agentos::egress {

inline constexpr std::uint32_t kArrivalMagic = 0x31726145;
inline constexpr std::size_t kProcessBytesMax = 255;
inline constexpr std::uint16_t kProxyPort = 3128;  // 127.0.0.1:3128 inside is the proxy by name
inline constexpr std::uint16_t kDnsPort = 53;

struct Arrival {
  std::uint32_t magic = kArrivalMagic;
  std::int32_t pid = 0;                     // as init sees it
  std::uint16_t port = 0;                   // asked for
  std::uint16_t family = 4;                 // 4 or 6
  std::uint8_t address[16] = {};            // asked for, network order; IPv4 uses the first four
  char process[kProcessBytesMax + 1] = {};  // path of its program; NUL-terminated
};

}  // namespace agentos::egress
