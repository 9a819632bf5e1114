// The shape of C2SP signed notes and their keys, whatever the signature's type. Source: https://c2sp.org/signed-note.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::recorder {

inline constexpr std::size_t kNoteSizeMax = 64 * 1024;
inline constexpr std::size_t kNoteLinesMax = 64;

struct SignatureLine {
  std::string name;
  std::uint32_t key_id = 0;
  std::string signature;  // octets behind the id
};

struct Note {
  std::string body;  // ends with a newline
  std::vector<SignatureLine> lines;
};

Result<Note> parse_note(std::string_view text);         // kMalformed
std::string signature_text(const SignatureLine& line);  // "— name base64\n"

// First four octets of SHA-256(name || "\n" || key), big-endian; `key` begins with its type.
std::uint32_t note_key_id(std::string_view name, std::string_view key);
bool good_key_name(std::string_view name);

// "name+id+base64(key)\n"
struct KeyText {
  std::string name;
  std::string key;  // type and octets
};
std::string key_text(const KeyText& key);
// kMalformed also for an id that is not the key's.
Result<KeyText> parse_key_text(std::string_view text, std::string_view type, std::size_t key_size);

}  // namespace agentos::recorder
