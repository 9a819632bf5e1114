// Escapes and dot segments of URLs.
#include "lib/canonical/url_parts.h"

#include "lib/canonical/octets.h"
#include "lib/canonical/url.h"

namespace agentos::canonical {
namespace {

constexpr bool is_unreserved(char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'; }
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// The percent-encode sets of the URL Standard, for special schemes.
bool must_escape(char c, UrlPart part) {
  if (is_control(c) || static_cast<unsigned char>(c) >= 0x80) return true;
  if (c == ' ' || c == '"' || c == '<' || c == '>') return true;
  switch (part) {
    case UrlPart::kPath:
      return c == '#' || c == '?' || c == '`' || c == '{' || c == '}' || c == '^';
    case UrlPart::kQuery:
      return c == '#' || c == '\'';
    case UrlPart::kFragment:
      return c == '`';
  }
  return true;
}

void append_escape(unsigned octet, std::string& out) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  out += '%';
  out += kDigits[octet >> 4 & 0xf];
  out += kDigits[octet & 0xf];
}

// "." as itself or as %2e, cut from the front.
bool take_dot(std::string_view& text, std::uint32_t& oddities) {
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    return true;
  }
  if (escape_at(text, 0) != '.') return false;
  oddities |= kUrlEncodedDots;
  text.remove_prefix(3);
  return true;
}

// 1 for ".", 2 for "..", 0 for anything else.
int dots_of(std::string_view segment, std::uint32_t& oddities) {
  std::uint32_t seen = 0;
  int dots = 0;
  while (dots < 2 && take_dot(segment, seen)) ++dots;
  if (!segment.empty()) return 0;
  if (dots > 0) oddities |= seen | kUrlDotSegments;
  return dots;
}

}  // namespace

void append_escaped(std::string_view text, UrlPart part, std::string& out, std::uint32_t& oddities) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const int octet = escape_at(text, i);
      if (octet < 0) {
        oddities |= kUrlBrokenEscape;
        out += "%25";
        continue;
      }
      i += 2;
      const char decoded = static_cast<char>(octet);
      if (is_unreserved(decoded)) {
        out += decoded;
        continue;
      }
      if (is_control(decoded)) oddities |= kUrlEncodedControl;
      if (part == UrlPart::kPath && is_slash(decoded)) oddities |= kUrlEncodedSeparator;
      append_escape(static_cast<unsigned>(octet), out);
    } else if (must_escape(c, part)) {
      if (c == ' ' || is_control(c)) oddities |= kUrlBareSpace;
      if (is_control(c)) oddities |= kUrlEncodedControl;
      append_escape(static_cast<unsigned char>(c), out);
    } else {
      out += c;
    }
  }
}

void append_path(std::string_view text, std::string& out, std::uint32_t& oddities) {
  const std::size_t root = out.size();
  if (!text.empty() && is_slash(text.front())) {
    if (text.front() == '\\') oddities |= kUrlBackslash;
    text.remove_prefix(1);
  }
  for (bool last = false; !last;) {
    const std::size_t end = text.find_first_of("/\\");
    last = end == std::string_view::npos;
    const std::string_view segment = text.substr(0, end);
    if (!last && text[end] == '\\') oddities |= kUrlBackslash;
    const int dots = dots_of(segment, oddities);
    if (dots == 2 && out.size() > root) out.resize(out.rfind('/'));
    if (dots == 0) {
      if (segment.empty() && !last) oddities |= kUrlEmptySegments;
      out += '/';
      append_escaped(segment, UrlPart::kPath, out, oddities);
    } else if (last) {
      out += '/';
    }
    if (!last) text.remove_prefix(end + 1);
  }
}

}  // namespace agentos::canonical
