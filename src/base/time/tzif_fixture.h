// Makes TZif files for tests, right ones and, by editing the parts, wrong ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace agentos::fixture {

struct Tzif {
  char version = '2';
  std::vector<std::int32_t> offsets{0};                 // kinds of local time
  std::vector<std::pair<std::int64_t, int>> changes{};  // when, to which kind
  std::string footer{};                                 // without its newlines
  std::uint32_t leap_seconds = 0;

  static std::string big_endian(std::uint64_t value, int octets) {
    std::string text;
    for (int i = octets - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
    return text;
  }

  std::string header(std::size_t times, std::size_t types, std::uint32_t leaps) const {
    return "TZif" + std::string(1, version) + std::string(15, '\0') + big_endian(0, 4) + big_endian(0, 4) +
           big_endian(leaps, 4) + big_endian(times, 4) + big_endian(types, 4) + big_endian(4, 4);
  }

  std::string octets() const {
    std::string text = header(0, 1, 0) + std::string(6, '\0') + std::string("UTC\0", 4);
    text += header(changes.size(), offsets.size(), leap_seconds);
    for (const auto& [at_s, kind] : changes) text += big_endian(static_cast<std::uint64_t>(at_s), 8);
    for (const auto& [at_s, kind] : changes) text += static_cast<char>(kind);
    for (const std::int32_t offset : offsets)
      text += big_endian(static_cast<std::uint32_t>(offset), 4) + std::string(2, '\0');
    text += std::string("UTC\0", 4) + std::string(12 * leap_seconds, '\0');
    return text + "\n" + footer + "\n";
  }
};

}  // namespace agentos::fixture
