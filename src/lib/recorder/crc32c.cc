// The processor's CRC instruction where there is one, else eight octets a step from tables.
#include "lib/recorder/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace agentos::recorder {

namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
    tables[0][i] = value;
  }
  for (std::size_t t = 1; t < 8; ++t)
    for (std::uint32_t i = 0; i < 256; ++i) tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xFF];
  return tables;
}
constexpr Tables kTables = make_tables();

std::uint32_t portable(const char* octets, std::size_t size) {
  std::uint32_t crc = ~0U;
  for (; size >= 8; size -= 8, octets += 8) {
    std::uint32_t low = 0, high = 0;
    for (int i = 0; i < 4; ++i) {
      low |= std::uint32_t{static_cast<unsigned char>(octets[i])} << (8 * i);
      high |= std::uint32_t{static_cast<unsigned char>(octets[4 + i])} << (8 * i);
    }
    low ^= crc;
    crc = kTables[7][low & 0xFF] ^ kTables[6][(low >> 8) & 0xFF] ^ kTables[5][(low >> 16) & 0xFF] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xFF] ^ kTables[2][(high >> 8) & 0xFF] ^
          kTables[1][(high >> 16) & 0xFF] ^ kTables[0][high >> 24];
  }
  for (; size > 0; --size, ++octets) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*octets)) & 0xFF];
  return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t with_instruction(const char* octets, std::size_t size) {
  std::uint64_t crc = ~0U;
  for (; size >= 8; size -= 8, octets += 8) {
    std::uint64_t word;
    std::memcpy(&word, octets, 8);
    crc = __builtin_ia32_crc32di(crc, word);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (; size > 0; --size, ++octets) rest = __builtin_ia32_crc32qi(rest, static_cast<unsigned char>(*octets));
  return ~rest;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view octets) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return with_instruction(octets.data(), octets.size());
#endif
  return portable(octets.data(), octets.size());
}

std::uint32_t crc32c_portable(std::string_view octets) { return portable(octets.data(), octets.size()); }

}  // namespace agentos::recorder
