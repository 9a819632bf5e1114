// UTF-8 by code points, and the nearest word.
#include "lib/policy/cel/text.h"

#include <string.h>  // memmem

#include <algorithm>
#include <cstring>
#include <vector>

namespace agentos::cel {
namespace {

constexpr std::size_t kWordBytesMax = 64;  // longer words are not compared

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::uint32_t next_code_point(std::string_view text, std::size_t& place) {
  const auto first = static_cast<unsigned char>(text[place]);
  std::size_t length = 1;
  if (first >= 0xF0) {
    length = 4;
  } else if (first >= 0xE0) {
    length = 3;
  } else if (first >= 0xC0) {
    length = 2;
  }
  if (length == 1 || place + length > text.size()) {
    ++place;
    return first;
  }
  std::uint32_t code_point = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[place + i]);
    if ((next & 0xC0) != 0x80) {
      ++place;
      return first;
    }
    code_point = code_point << 6 | (next & 0x3Fu);
  }
  place += length;
  return code_point;
}

std::size_t find_text(std::string_view text, std::string_view wanted, std::size_t start) {
  if (start > text.size() || wanted.empty()) return text.find(wanted, start);
  const void* found = ::memmem(text.data() + start, text.size() - start, wanted.data(), wanted.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// All octets but 10xxxxxx, which continue a code point. Eight at a time, one counter an octet; a counter of eight bits
// takes the sum of this many chunks.
std::size_t count_code_points(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::size_t kChunk = 8, kChunksMax = 31;
  std::size_t count = text.size();
  while (text.size() >= kChunk) {
    std::uint64_t counters = 0;
    const std::size_t chunks = std::min(text.size() / kChunk, kChunksMax);
    for (std::size_t i = 0; i < chunks; ++i) {
      std::uint64_t chunk = 0;
      std::memcpy(&chunk, text.data() + i * kChunk, kChunk);
      counters += (chunk & ~(chunk << 1)) >> 7 & kOnes;
    }
    count -= counters * kOnes >> 56;
    text.remove_prefix(chunks * kChunk);
  }
  for (const char c : text) count -= (static_cast<unsigned char>(c) & 0xC0) == 0x80;
  return count;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    out += static_cast<char>(0x80 | (code_point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

std::size_t offset_of_code_point(std::string_view text, std::size_t number) {
  std::size_t place = 0;
  for (; number > 0 && place < text.size(); --number) next_code_point(text, place);
  return number == 0 ? place : std::string_view::npos;
}

std::string_view nearest_word(std::string_view wanted, std::span<const std::string_view> words) {
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  if (wanted.size() > kWordBytesMax) return nearest;
  for (const std::string_view word : words) {
    if (word.size() > kWordBytesMax) continue;
    const std::size_t distance = edit_distance(wanted, word);
    if (distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return nearest;
}

}  // namespace agentos::cel
