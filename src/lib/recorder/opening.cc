// ASCII, the usual case, is found eight octets at a time; the rest goes through base/json.
#include "lib/recorder/opening.h"

#include <cstdint>
#include <cstring>

#include "base/crypto/hash.h"
#include "base/json/value.h"
#include "lib/recorder/entry.h"

namespace agentos::recorder {

namespace {

bool is_ascii(std::string_view text) {
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]) & 0x80;
  return (seen & 0x8080808080808080ULL) == 0;
}

// The longest prefix of at most `size` octets that does not end inside a UTF-8 sequence.
std::string_view prefix_of(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  std::size_t end = size;
  while (end > 0 && end + 3 > size && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string_view bounded_opening(std::string_view text, std::string& scratch) {
  if (text.size() <= kOpeningSizeMax) {
    if (is_ascii(text) || json::valid_utf8(text)) return text;
    scratch = json::to_valid_utf8(text);  // may grow: one octet becomes three
    if (scratch.size() <= kOpeningSizeMax) return scratch;
  }
  const std::string preview = json::to_valid_utf8(prefix_of(text, kPreviewSizeMax));
  scratch = "{\"digest\":\"";
  scratch += crypto::base64url(crypto::sha256(text));
  scratch += "\",\"preview\":";
  json::write_string(preview, scratch);
  scratch += ",\"size\":";
  json::write_int(static_cast<std::int64_t>(text.size()), scratch);
  scratch += "}";
  return scratch;
}

}  // namespace agentos::recorder
