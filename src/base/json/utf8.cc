// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#include <cstring>

#include "base/json/value.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace agentos::json {
namespace {

// Length of the well-formed sequence at `text`, or minus the length of the longest prefix of one (at least 1).
int sequence_length(const unsigned char* text, std::size_t size) {
  const unsigned lead = text[0];
  if (lead < 0x80) return 1;
  int length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return -1;
  }
  for (int i = 1; i < length; ++i) {
    if (static_cast<std::size_t>(i) >= size || text[i] < low || text[i] > high) return -i;
    low = 0x80;
    high = 0xBF;
  }
  return length;
}

// Octets of the longest well-formed prefix.
std::size_t valid_prefix(std::string_view text) {
  const auto* octets = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
#if defined(__SSE2__)
    if (text.size() - at >= sizeof(__m128i)) {
      const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets + at));
      if (_mm_movemask_epi8(sixteen) == 0) {
        at += sizeof(__m128i);
        continue;
      }
    }
#endif
    if (text.size() - at >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, octets + at, 8);
      if ((eight & 0x8080808080808080ULL) == 0) {
        at += 8;
        continue;
      }
    }
    const int length = sequence_length(octets + at, text.size() - at);
    if (length < 0) return at;
    at += static_cast<std::size_t>(length);
  }
  return at;
}

}  // namespace

bool valid_utf8(std::string_view text) { return valid_prefix(text) == text.size(); }

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const std::size_t valid = valid_prefix(text);
    out.append(text.substr(0, valid));
    if (valid == text.size()) return out;
    text.remove_prefix(valid);
    const int bad = -sequence_length(reinterpret_cast<const unsigned char*>(text.data()), text.size());
    out += "\xEF\xBF\xBD";
    text.remove_prefix(static_cast<std::size_t>(bad));
  }
}

}  // namespace agentos::json
