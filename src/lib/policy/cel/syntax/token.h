// Tokens of an expression. A Token's text is a view of the source; next() never reads beyond it.
//
// Source: the lexis of the CEL language definition, with backquoted field names and the optional syntax.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "lib/policy/cel/ast.h"

namespace agentos::cel {

enum class TokenKind : std::uint8_t {
  kEnd,
  kIdentifier,  // also reserved words; the parser tells them apart
  kQuotedName,  // `name`, text without the backquotes
  kInt,         // decimal or 0x
  kUint,        // with its suffix
  kFloat,
  kString,  // with prefix and quotes
  kBytes,
  kSymbol,  // an operator or bracket; text is it
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
  Position position;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}  // valid UTF-8
  std::expected<Token, Issue> next();

 private:
  void skip_space();
  void advance(std::size_t bytes);
  Token token(TokenKind kind, std::size_t bytes);
  std::unexpected<Issue> issue(std::string message, std::string hint = {}) const;
  char at(std::size_t distance) const;
  std::size_t string_prefix() const;
  std::expected<Token, Issue> string_token(std::size_t prefix);
  std::expected<Token, Issue> number_token();
  std::expected<Token, Issue> quoted_name();
  std::expected<Token, Issue> symbol();

  std::string_view source_;
  Position position_;
};

// What the text of a literal token stands for. The issue's place is the token's.
std::expected<Literal, Issue> decode_string(const Token& token);
std::expected<Literal, Issue> decode_number(const Token& token, std::string_view sign);

// Words that cannot name a variable or function: the language's own and those it reserves.
bool is_reserved(std::string_view word);
bool is_keyword(std::string_view word);  // true, false, null, in: not even a field can be called so

}  // namespace agentos::cel
