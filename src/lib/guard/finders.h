// The finders that scan.cc calls at places of interest. Not for other folders.
#pragma once

#include <array>
#include <optional>

#include "lib/guard/scan.h"

namespace agentos::guard {

inline constexpr std::size_t kTokenOctetsMin = 16;  // shorter runs are no token of any shape

// Octets tokens are made of: letters, digits, '_', '-', '.'.
inline constexpr std::array<bool, 256> kTokenOctets = [] {
  std::array<bool, 256> set{};
  for (int c = '0'; c <= '9'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) set[static_cast<unsigned char>(c)] = true;
  for (const char c : {'_', '-', '.'}) set[static_cast<unsigned char>(c)] = true;
  return set;
}();

inline constexpr std::array<bool, 256> kLettersAndDigits = [] {
  std::array<bool, 256> set = kTokenOctets;
  for (const char c : {'_', '-', '.'}) set[static_cast<unsigned char>(c)] = false;
  return set;
}();

constexpr bool is_token_octet(char c) { return kTokenOctets[static_cast<unsigned char>(c)]; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_alnum(char c) { return kLettersAndDigits[static_cast<unsigned char>(c)]; }
constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

// Octets something to find can begin at: controls, ':', '=', '\\', and the first octets of the characters above 0x7F
// that characters.cc knows.
inline constexpr std::array<bool, 256> kOctetsOfInterest = [] {
  std::array<bool, 256> set{};
  for (std::size_t c = 0; c < 0x20; ++c) set[c] = true;
  for (const std::size_t c : {0x7F, 0xC2, 0xD8, 0xE1, 0xE2, 0xE3, 0xEF, 0xF3}) set[c] = true;
  for (const char c : {':', '=', '\\'}) set[static_cast<unsigned char>(c)] = true;
  return set;
}();

// token_shapes.cc: tokens in the longest run [begin, end) of token octets.
void find_tokens(std::string_view text, std::size_t begin, std::size_t end, Findings& out);
// The key that begins at `begin` with "-----BEGIN ".
std::optional<Finding> private_key_at(std::string_view text, std::size_t begin, Syntax syntax);

// assignments.cc: the value given to a secret's name at the ':' or '=' at `at`; the password of a URL whose "://" is
// there.
std::optional<Finding> assigned_at(std::string_view text, std::size_t at, Syntax syntax);

// characters.cc: what begins at `at`, a control octet or one above 0x7F, or in JSON a backslash.
std::optional<Finding> character_at(std::string_view text, std::size_t at, Syntax syntax);

}  // namespace agentos::guard
