// Eight octets at a time: which of them cannot stand in a JSON string as they are.
#pragma once

#include <cstdint>

namespace agentos::recorder {

constexpr std::uint64_t every(std::uint8_t octet) { return 0x0101010101010101ULL * octet; }

// Not zero when one of the eight octets cannot stand in a JSON string as it is: control, quote, backslash, not ASCII.
inline std::uint64_t special(std::uint64_t word) {
  const std::uint64_t quote = word ^ every('"');
  const std::uint64_t backslash = word ^ every('\\');
  return (word | ((word - every(0x20)) & ~word) | ((quote - every(1)) & ~quote) |
          ((backslash - every(1)) & ~backslash)) &
         every(0x80);
}

}  // namespace agentos::recorder
