// Splits an expression into tokens.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include "lib/policy/cel/syntax/token.h"

namespace agentos::cel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

}  // namespace

bool is_keyword(std::string_view word) { return word == "true" || word == "false" || word == "null" || word == "in"; }

bool is_reserved(std::string_view word) {
  static constexpr std::array<std::string_view, 17> kWords = {
      "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
      "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};
  return is_keyword(word) || std::ranges::find(kWords, word) != kWords.end();
}

char Lexer::at(std::size_t distance) const {
  const std::size_t place = position_.offset + distance;
  return place < source_.size() ? source_[place] : '\0';
}

void Lexer::advance(std::size_t bytes) {
  for (std::size_t i = 0; i < bytes && position_.offset < source_.size(); ++i) {
    const auto c = static_cast<unsigned char>(source_[position_.offset++]);
    if (c == '\n') {
      ++position_.line;
      position_.column = 1;
    } else if ((c & 0xC0) != 0x80) {
      ++position_.column;
    }
  }
}

void Lexer::skip_space() {
  while (position_.offset < source_.size()) {
    const char c = at(0);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      advance(1);
    } else if (c == '/' && at(1) == '/') {
      const std::size_t end = source_.find('\n', position_.offset);
      advance((end == std::string_view::npos ? source_.size() : end) - position_.offset);
    } else {
      return;
    }
  }
}

Token Lexer::token(TokenKind kind, std::size_t bytes) {
  Token made{kind, source_.substr(position_.offset, bytes), position_};
  advance(bytes);
  return made;
}

std::unexpected<Issue> Lexer::issue(std::string message, std::string hint) const {
  return std::unexpected(Issue{position_.line, position_.column, std::move(message), std::move(hint)});
}

// The length of a string literal's prefix (r, b, rb, br in any case) when a quote follows, else npos.
std::size_t Lexer::string_prefix() const {
  std::size_t length = 0;
  bool raw = false, bytes = false;
  for (; length < 2; ++length) {
    const char c = at(length);
    if ((c == 'r' || c == 'R') && !raw) {
      raw = true;
    } else if ((c == 'b' || c == 'B') && !bytes) {
      bytes = true;
    } else {
      break;
    }
  }
  return at(length) == '"' || at(length) == '\'' ? length : std::string_view::npos;
}

std::expected<Token, Issue> Lexer::string_token(std::size_t prefix) {
  bool raw = false, bytes = false;
  for (std::size_t i = 0; i < prefix; ++i) {
    raw = raw || at(i) == 'r' || at(i) == 'R';
    bytes = bytes || at(i) == 'b' || at(i) == 'B';
  }
  const char quote = at(prefix);
  const std::size_t quotes = at(prefix + 1) == quote && at(prefix + 2) == quote ? 3 : 1;
  std::size_t length = prefix + quotes;
  for (;;) {
    if (position_.offset + length >= source_.size()) return issue("string without an end", "close it with its quote");
    const char c = at(length);
    if (c == quote && (quotes == 1 || (at(length + 1) == quote && at(length + 2) == quote))) break;
    if (quotes == 1 && (c == '\n' || c == '\r'))
      return issue("line break in a string", "write \\n, or use three quotes");
    length += c == '\\' && !raw ? 2 : 1;
  }
  return token(bytes ? TokenKind::kBytes : TokenKind::kString, length + quotes);
}

std::expected<Token, Issue> Lexer::number_token() {
  std::size_t length = 0;
  TokenKind kind = TokenKind::kInt;
  if (at(0) == '0' && (at(1) == 'x' || at(1) == 'X') && is_hex(at(2))) {
    for (length = 2; is_hex(at(length));) ++length;
  } else {
    while (is_digit(at(length))) ++length;
    if (at(length) == '.' && is_digit(at(length + 1))) {
      kind = TokenKind::kFloat;
      for (++length; is_digit(at(length));) ++length;
    }
    if (at(length) == 'e' || at(length) == 'E') {
      const std::size_t sign = at(length + 1) == '+' || at(length + 1) == '-' ? 1 : 0;
      if (is_digit(at(length + 1 + sign))) {
        kind = TokenKind::kFloat;
        for (length += 1 + sign; is_digit(at(length));) ++length;
      }
    }
  }
  if (kind == TokenKind::kInt && (at(length) == 'u' || at(length) == 'U')) {
    kind = TokenKind::kUint;
    ++length;
  }
  if (is_name(at(length))) return issue("a number runs into a name", "put a space or an operator between them");
  return token(kind, length);
}

std::expected<Token, Issue> Lexer::quoted_name() {
  std::size_t length = 1;
  while (is_name(at(length)) || at(length) == '.' || at(length) == '-' || at(length) == '/' || at(length) == ' ')
    ++length;
  if (at(length) != '`' || length == 1)
    return issue("a name in backquotes has letters, digits, _ . - / and spaces only, and ends with a backquote");
  Token made = token(TokenKind::kQuotedName, length + 1);
  made.text = made.text.substr(1, made.text.size() - 2);
  return made;
}

std::expected<Token, Issue> Lexer::symbol() {
  static constexpr std::array<std::string_view, 24> kSymbols = {"&&", "||", "==", "!=", "<=", ">=", "<", ">",
                                                                "!",  "+",  "-",  "*",  "/",  "%",  "?", ":",
                                                                ".",  ",",  "(",  ")",  "[",  "]",  "{", "}"};
  for (const std::string_view symbol : kSymbols)
    if (source_.substr(position_.offset).starts_with(symbol)) return token(TokenKind::kSymbol, symbol.size());
  const auto c = static_cast<unsigned char>(at(0));
  if (c == '=') return issue("'=' is no operator", "compare with '=='");
  if (c == '&' || c == '|')
    return issue(fmt::format("'{0}' is no operator", at(0)), fmt::format("write '{0}{0}'", at(0)));
  if (c < 0x20 || c >= 0x7f) return issue(fmt::format("byte 0x{:02x} does not belong here", c), "strings need quotes");
  return issue(fmt::format("'{}' does not belong here", at(0)));
}

std::expected<Token, Issue> Lexer::next() {
  skip_space();
  if (position_.offset >= source_.size()) return Token{TokenKind::kEnd, {}, position_};
  if (const std::size_t prefix = string_prefix(); prefix != std::string_view::npos) return string_token(prefix);
  if (is_digit(at(0)) || (at(0) == '.' && is_digit(at(1)))) return number_token();
  if (is_name_start(at(0))) {
    std::size_t length = 1;
    while (is_name(at(length))) ++length;
    return token(TokenKind::kIdentifier, length);
  }
  return at(0) == '`' ? quoted_name() : symbol();
}

}  // namespace agentos::cel
