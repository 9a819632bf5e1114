// What ECMA-262 writes differently from RE2 (\uXXXX, \cX, named groups) is rewritten before it is compiled.
#include "lib/schema/pattern.h"

#include <string>

namespace agentos::schema {

namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Octets of `rest` that an escape beginning it takes, and its RE2 form in `out`; 0 when RE2 writes it the same way.
std::size_t rewrite_escape(std::string_view rest, std::string& out) {
  if (rest.size() >= 3 && rest[1] == 'c' && is_letter(rest[2])) {
    static constexpr char kHex[] = "0123456789abcdef";
    const int control = rest[2] & 0x1F;
    out += {'\\', 'x', kHex[control >> 4], kHex[control & 15]};
    return 3;
  }
  if (rest.size() < 3 || rest[1] != 'u') return 0;
  std::size_t end = 2;
  if (rest[2] == '{') {
    end = rest.find('}');
    if (end == std::string_view::npos) return 0;
    out += "\\x";
    out += rest.substr(2, end - 1);
    return end + 1;
  }
  while (end < rest.size() && end < 6 && is_hex(rest[end])) ++end;
  if (end != 6) return 0;
  out += "\\x{";
  out += rest.substr(2, 4);
  out += '}';
  return 6;
}

std::string to_re2(std::string_view expression) {
  std::string out;
  for (std::size_t at = 0; at < expression.size();) {
    const std::string_view rest = expression.substr(at);
    if (rest[0] == '\\' && rest.size() > 1) {
      std::size_t taken = rewrite_escape(rest, out);
      if (taken == 0) {
        out += rest.substr(0, 2);
        taken = 2;
      }
      at += taken;
    } else if (rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') {
      out += "(?P<";
      at += 3;
    } else {
      out += rest[0];
      ++at;
    }
  }
  return out;
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view expression) {
  return Pattern(TRY(regex::Pattern::compile(to_re2(expression))));
}

bool Pattern::matches(std::string_view text) const { return expression_.search(text); }

}  // namespace agentos::schema
