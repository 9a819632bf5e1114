// Each text has exactly one spelling, so that no octet of a signed file can change unseen.
#include "lib/recorder/note_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/hash.h"

namespace agentos::recorder {

namespace {

constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // em dash, space
constexpr std::size_t kKeyIdSize = 4;

std::uint32_t number_of(std::string_view octets) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < kKeyIdSize; ++i) number = number << 8 | static_cast<std::uint8_t>(octets[i]);
  return number;
}

// Without its newline.
Result<SignatureLine> parse_signature(std::string_view line) {
  const auto malformed = [] { return fail(ErrorCode::kMalformed, "the note has a malformed signature line"); };
  if (!line.starts_with(kSignaturePrefix)) return malformed();
  line.remove_prefix(kSignaturePrefix.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return malformed();
  const auto octets = crypto::from_base64(line.substr(space + 1));
  if (!good_key_name(line.substr(0, space)) || !octets || octets->size() <= kKeyIdSize) return malformed();
  return SignatureLine{std::string(line.substr(0, space)), number_of(*octets), octets->substr(kKeyIdSize)};
}

}  // namespace

bool good_key_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F && c != '+';
  });
}

Result<Note> parse_note(std::string_view text) {
  const auto split = text.rfind("\n\n");
  if (text.size() > kNoteSizeMax || split == std::string_view::npos || !text.ends_with('\n') ||
      split + 2 >= text.size())
    return fail(ErrorCode::kMalformed, "the text is not a signed note");
  Note note;
  note.body = text.substr(0, split + 1);
  for (std::string_view rest = text.substr(split + 2); !rest.empty();) {
    const auto end = rest.find('\n');
    if (note.lines.size() >= kNoteLinesMax) return fail(ErrorCode::kMalformed, "the note has too many signatures");
    note.lines.push_back(TRY(parse_signature(rest.substr(0, end))));
    rest.remove_prefix(end + 1);
  }
  return note;
}

std::string signature_text(const SignatureLine& line) {
  std::string octets;
  for (const int shift : {24, 16, 8, 0}) octets += static_cast<char>(line.key_id >> shift);
  return fmt::format("{}{} {}\n", kSignaturePrefix, line.name, crypto::base64(octets + line.signature));
}

std::uint32_t note_key_id(std::string_view name, std::string_view key) {
  const auto digest = crypto::sha256(fmt::format("{}\n{}", name, key));
  return number_of(crypto::view(digest));
}

std::string key_text(const KeyText& key) {
  return fmt::format("{}+{:08x}+{}\n", key.name, note_key_id(key.name, key.key), crypto::base64(key.key));
}

Result<KeyText> parse_key_text(std::string_view text, std::string_view type, std::size_t key_size) {
  const auto malformed = [] { return fail(ErrorCode::kMalformed, "the key is not in note form (name+id+key)"); };
  if (!text.ends_with('\n')) return malformed();
  text.remove_suffix(1);
  const auto first = text.find('+');
  if (first == std::string_view::npos) return malformed();
  const auto second = text.find('+', first + 1);
  if (second == std::string_view::npos) return malformed();
  auto octets = crypto::from_base64(text.substr(second + 1));
  KeyText key{std::string(text.substr(0, first)), {}};
  if (!good_key_name(key.name) || !octets || octets->size() != type.size() + key_size || !octets->starts_with(type))
    return malformed();
  key.key = std::move(*octets);
  if (fmt::format("{:08x}", note_key_id(key.name, key.key)) != text.substr(first + 1, second - first - 1))
    return fail(ErrorCode::kMalformed, "the key does not match its id");
  return key;
}

}  // namespace agentos::recorder
