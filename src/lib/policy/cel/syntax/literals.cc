// What literal tokens stand for: escapes of strings and bytes, ranges of numbers.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include "lib/policy/cel/syntax/token.h"
#include "lib/policy/cel/text.h"

namespace agentos::cel {
namespace {

std::unexpected<Issue> issue_at(const Token& token, std::string message, std::string hint = {}) {
  return std::unexpected(Issue{token.position.line, token.position.column, std::move(message), std::move(hint)});
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

char simple_escape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '?':
    case '"':
    case '\'':
    case '`':
      return c;
    default:
      return '\0';
  }
}

// The number written by `count` digits of `base` from `place`, or nothing.
bool read_digits(std::string_view body, std::size_t place, std::size_t count, int base, std::uint32_t& number) {
  number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (place + i >= body.size() || digit_value(body[place + i]) >= base) return false;
    number = number * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit_value(body[place + i]));
  }
  return true;
}

// Appends what the escape at body[place] (after the backslash) stands for, and moves place behind it.
bool read_escape(std::string_view body, std::size_t& place, bool bytes, std::string& out) {
  const char c = body[place];
  if (const char simple = simple_escape(c); simple != '\0') {
    out += simple;
    ++place;
    return true;
  }
  std::uint32_t number = 0;
  std::size_t skip = 1, count = 0;
  int base = 16;
  if (c == 'x' || c == 'X') {
    count = 2;
  } else if (c == 'u' && !bytes) {
    count = 4;
  } else if (c == 'U' && !bytes) {
    count = 8;
  } else if (c >= '0' && c <= '3') {
    skip = 0, count = 3, base = 8;
  } else {
    return false;
  }
  if (!read_digits(body, place + skip, count, base, number)) return false;
  if (bytes) {
    out += static_cast<char>(number);
  } else {
    if (number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF)) return false;
    append_utf8(out, number);
  }
  place += skip + count;
  return true;
}

}  // namespace

std::expected<Literal, Issue> decode_string(const Token& token) {
  const bool bytes = token.kind == TokenKind::kBytes;
  const std::size_t quote = token.text.find_first_of("\"'");
  const bool raw = token.text.substr(0, quote).find_first_of("rR") != std::string_view::npos;
  const std::string_view from_quote = token.text.substr(quote);
  const bool triple = from_quote.size() >= 6 && from_quote[1] == from_quote[0] && from_quote[2] == from_quote[0];
  const std::size_t quotes = triple ? 3 : 1;
  const std::string_view body = from_quote.substr(quotes, from_quote.size() - 2 * quotes);
  std::string out;
  out.reserve(body.size());
  for (std::size_t i = 0; i < body.size();) {
    if (body[i] == '\\' && !raw) {
      ++i;
      if (i >= body.size() || !read_escape(body, i, bytes, out))
        return issue_at(token, "invalid escape in a string", "write \\\\ for a backslash, or put r before the quote");
    } else {
      out += body[i++];
    }
  }
  if (bytes) return Literal(Bytes(std::move(out)));
  return Literal(std::move(out));
}

std::expected<Literal, Issue> decode_number(const Token& token, std::string_view sign) {
  std::string text = std::string(sign) + std::string(token.text);
  if (token.kind == TokenKind::kFloat) {
    const double number = std::strtod(text.c_str(), nullptr);
    if (!std::isfinite(number)) return issue_at(token, fmt::format("{} is too large for a double", text));
    return Literal(number);
  }
  const bool hex = token.text.starts_with("0x") || token.text.starts_with("0X");
  std::string_view digits = token.text.substr(hex ? 2 : 0);
  if (token.kind == TokenKind::kUint) digits.remove_suffix(1);
  std::uint64_t magnitude = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, hex ? 16 : 10);
  if (read.ec != std::errc())
    return issue_at(token,
                    fmt::format("{} is too large for {}", text, token.kind == TokenKind::kUint ? "a uint" : "an int"));
  if (token.kind == TokenKind::kUint) {
    if (!sign.empty()) return issue_at(token, "a uint has no sign");
    return Literal(magnitude);
  }
  const std::uint64_t bound = (std::uint64_t{1} << 63) - (sign.empty() ? 1 : 0);
  if (magnitude > bound) return issue_at(token, fmt::format("{} is too large for an int", text));
  return Literal(static_cast<std::int64_t>(sign.empty() ? magnitude : ~magnitude + 1));
}

}  // namespace agentos::cel
