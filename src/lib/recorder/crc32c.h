// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds torn and rotten octets before anything is parsed or hashed.
#pragma once

#include <cstdint>
#include <string_view>

namespace agentos::recorder {

std::uint32_t crc32c(std::string_view octets);
// The same without the processor's instruction.
std::uint32_t crc32c_portable(std::string_view octets);

}  // namespace agentos::recorder
