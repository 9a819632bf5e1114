// Hexadecimal and the two base64 alphabets. Decoding accepts exactly what encoding produces.
#include <array>

#include "base/crypto/hash.h"

namespace agentos::crypto {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNotInAlphabet = 0xFF;

constexpr std::array<std::uint8_t, 256> make_reverse(std::string_view alphabet) {
  std::array<std::uint8_t, 256> reverse{};
  reverse.fill(kNotInAlphabet);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    reverse[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return reverse;
}
constexpr auto kStandardReverse = make_reverse(kStandard);

unsigned octet(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

// The last one or two octets, if any, become two or three letters without padding.
std::string encode(std::string_view octets, std::string_view alphabet) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  std::size_t at = 0;
  for (; at + 3 <= octets.size(); at += 3) {
    const unsigned bits = octet(octets, at) << 16 | octet(octets, at + 1) << 8 | octet(octets, at + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out += alphabet[bits >> shift & 63];
  }
  const std::size_t rest = octets.size() - at;
  if (rest == 0) return out;
  const unsigned bits = octet(octets, at) << 16 | (rest == 2 ? octet(octets, at + 1) << 8 : 0);
  out += alphabet[bits >> 18];
  out += alphabet[bits >> 12 & 63];
  if (rest == 2) out += alphabet[bits >> 6 & 63];
  return out;
}

std::unexpected<Error> malformed(std::size_t at, const char* what) {
  return fail(ErrorCode::kMalformed, "base64, character " + std::to_string(at + 1) + ": " + what,
              "use the standard alphabet with padding and no white space (RFC 4648 section 4)");
}

}  // namespace

std::string hex(std::string_view octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.resize(octets.size() * 2);
  for (std::size_t i = 0; i < octets.size(); ++i) {
    out[2 * i] = kDigits[octet(octets, i) >> 4];
    out[2 * i + 1] = kDigits[octet(octets, i) & 15];
  }
  return out;
}
std::string hex(const Digest& digest) { return hex(view(digest)); }

std::string base64(std::string_view octets) {
  std::string out = encode(octets, kStandard);
  while (out.size() % 4 != 0) out += '=';
  return out;
}
std::string base64url(std::string_view octets) { return encode(octets, kUrlSafe); }
std::string base64url(const Digest& digest) { return base64url(view(digest)); }

Result<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return malformed(text.size(), "the length is not a multiple of four");
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::size_t letters = text.size() - padding;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  unsigned bits = 0;
  for (std::size_t at = 0; at < letters; ++at) {
    const std::uint8_t six = kStandardReverse[octet(text, at)];
    if (six == kNotInAlphabet) return malformed(at, "not in the alphabet");
    bits = bits << 6 | six;
    if (at % 4 == 1) out += static_cast<char>(bits >> 4 & 0xFF);
    if (at % 4 == 2) out += static_cast<char>(bits >> 2 & 0xFF);
    if (at % 4 == 3) out += static_cast<char>(bits & 0xFF);
  }
  const unsigned unused = padding == 2 ? bits & 15 : padding == 1 ? bits & 3 : 0;
  if (unused != 0) return malformed(letters - 1, "not canonical: its unused bits are not zero");
  return out;
}

}  // namespace agentos::crypto
