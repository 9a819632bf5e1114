// Decimal digits of a number, for what writes many of them. Eight at a time, as one word.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace agentos {

inline constexpr int kDigitsRoom = 24;  // octets that write_digits() may touch; what it does not return is void

namespace digits {

static_assert(std::endian::native == std::endian::little, "the first digit is the lowest octet");

// The eight digits of a number below 10^8, an octet each, the first in the lowest. Each step splits every field into
// its quotient and, above it, its remainder: by 10000, by 100, by 10. The products are exact for what such fields hold.
constexpr std::uint64_t eight_of(std::uint64_t number) {
  const std::uint64_t by_10000 = (number / 10000) | ((number % 10000) << 32);
  const std::uint64_t hundreds = ((by_10000 * 10486) >> 20) & 0x0000'007F'0000'007F;
  const std::uint64_t by_100 = hundreds | ((by_10000 - hundreds * 100) << 16);
  const std::uint64_t tens = ((by_100 * 103) >> 10) & 0x000F'000F'000F'000F;
  return tens | ((by_100 - tens * 10) << 8);
}

inline constexpr std::uint64_t kZeroes = 0x3030'3030'3030'3030;  // "00000000"

}  // namespace digits

// Returns the end of the digits at `to`.
inline char* write_digits(char* to, std::uint64_t number) {
  constexpr std::uint64_t kEight = 100'000'000;
  if (number < kEight) {
    if (number < 10) {
      *to = static_cast<char>('0' + number);
      return to + 1;
    }
    const std::uint64_t octets = digits::eight_of(number);
    const int leading = std::countr_zero(octets | std::uint64_t{1} << 56) / 8;  // one digit is left
    const std::uint64_t text = (octets | digits::kZeroes) >> (8 * leading);
    std::memcpy(to, &text, sizeof(text));
    return to + 8 - leading;
  }
  to = write_digits(to, number / kEight);
  const std::uint64_t text = digits::eight_of(number % kEight) | digits::kZeroes;
  std::memcpy(to, &text, sizeof(text));
  return to + sizeof(text);
}

inline char* write_digits(char* to, std::int64_t number) {
  if (number >= 0) return write_digits(to, static_cast<std::uint64_t>(number));
  *to = '-';
  return write_digits(to + 1, ~static_cast<std::uint64_t>(number) + 1);
}

}  // namespace agentos
