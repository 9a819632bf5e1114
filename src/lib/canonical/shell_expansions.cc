// What follows a dollar or a backtick: always dynamic, but read to its true end, and the commands within are listed.
#include "lib/canonical/octets.h"
#include "lib/canonical/shell_reader.h"

namespace agentos::canonical {

Status ShellReader::read_parenthesized_list() {
  Nesting nesting(*this);
  TRY(nesting.check());
  const std::size_t waiting = here_documents_.size();
  if (TRY(read_list(ListEnd::kParenthesis)) == 0 && peek() != ')') return malformed("lacks a command");
  if (here_documents_.size() != waiting) {
    return refuse(ErrorCode::kUnsupported, "has a here-document across a construct");
  }
  ++at_;
  return {};
}

Status ShellReader::read_dollar(Draft& draft, Quoting quoting) {
  ++at_;
  skip_continuations();
  const char c = peek();
  if (c == '(') {
    draft.is_static = false;
    ++at_;
    skip_continuations();
    if (peek() == '(') return read_arithmetic(draft);
    mark(kShellSubstitution);
    return read_parenthesized_list();
  }
  if (c == '{') {
    draft.is_static = false;
    mark(kShellParameter);
    return read_braced_parameter(draft, quoting);
  }
  if (c == '[') return refuse(ErrorCode::kUnsupported, "has $[");
  if (quoting == Quoting::kNone && c == '\'') return read_ansi_quotes(draft);
  if (quoting == Quoting::kNone && c == '"') {
    mark(kShellAnsiQuoting);
    return read_double_quotes(draft, true);
  }
  const bool name = is_letter(c) || c == '_';
  const bool special = is_digit(c) || (c != '\0' && std::string_view("@*#?-$!").find(c) != std::string_view::npos);
  if (!name && !special) return put('$');
  draft.is_static = false;
  mark(kShellParameter);
  ++at_;
  while (name && (is_alphanumeric(peek()) || peek() == '_')) ++at_;
  return {};
}

Status ShellReader::read_braced_parameter(Draft& draft, Quoting quoting) {
  Nesting nesting(*this);
  TRY(nesting.check());
  ++at_;
  if (is_blank(peek()) || peek() == '\n' || peek() == '|')
    return refuse(ErrorCode::kUnsupported, "has ${ with a command");
  while (peek() != '}') {
    if (at_end()) return malformed("has an open ${");
    const char c = peek();
    if (c == '\\') {
      at_ += at_ + 1 < text_.size() ? 2U : 1U;
    } else if (c == '\'') {
      // Inside double quotes shells disagree whether this quotes.
      if (quoting == Quoting::kDouble) return refuse(ErrorCode::kUnsupported, "has a single quote in a quoted ${}");
      TRY(read_single_quotes(draft));
    } else if (c == '"') {
      TRY(read_double_quotes(draft, true));
    } else if (c == '$') {
      TRY(read_dollar(draft, quoting));
    } else if (c == '`') {
      TRY(read_backticks(draft, quoting));
    } else {
      ++at_;
    }
  }
  ++at_;
  draft.is_static = false;
  return {};
}

Status ShellReader::read_arithmetic(Draft& draft) {
  Nesting nesting(*this);
  TRY(nesting.check());
  mark(kShellArithmetic);
  ++at_;
  for (int open = 0;;) {
    if (at_end()) return malformed("has an open $((");
    const char c = peek();
    if (c == '$') {
      TRY(read_dollar(draft, Quoting::kDouble));
      continue;
    }
    if (c == '`') {
      TRY(read_backticks(draft, Quoting::kDouble));
      continue;
    }
    if (c == '\'' || c == '"' || c == '\\' || c == '#')
      return refuse(ErrorCode::kUnsupported, "has quotes in arithmetic");
    ++at_;
    if (c == '(') ++open;
    if (c != ')') continue;
    if (open-- > 0) continue;
    if (peek() != ')') return refuse(ErrorCode::kUnsupported, "has $(( that is no arithmetic");
    ++at_;
    return {};
  }
}

Status ShellReader::read_backticks(Draft& draft, Quoting quoting) {
  draft.is_static = false;
  mark(kShellSubstitution);
  const std::size_t start = out_.octets.size();
  for (++at_; peek() != '`'; ++at_) {
    if (at_end()) return malformed("has an open backtick");
    if (peek() == '\\') {
      const char next = peek(1);
      const bool escapes = next == '`' || next == '\\' || next == '$' || (next == '"' && quoting == Quoting::kDouble);
      if (escapes) ++at_;
    }
    if (at_end()) return malformed("has an open backtick");
    TRY(put(peek()));
  }
  ++at_;
  const std::string_view inner(out_.octets.data() + start, out_.octets.size() - start);
  if (depth_ + nesting_ + 1 > kShellDepthMax) return refuse(ErrorCode::kTooLarge, "is nested too deeply");
  return ShellReader(inner, out_, depth_ + nesting_ + 1).read();
}

Status ShellReader::put_code_point(std::uint32_t code_point) {
  if (code_point == 0) return refuse(ErrorCode::kUnsupported, "has an escape that stands for NUL");
  if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000)) return malformed("has no such character");
  if (code_point < 0x80) return put(static_cast<char>(code_point));
  if (code_point < 0x800) {
    TRY(put(static_cast<char>(0xc0 | code_point >> 6)));
  } else if (code_point < 0x10000) {
    TRY(put(static_cast<char>(0xe0 | code_point >> 12)));
    TRY(put(static_cast<char>(0x80 | (code_point >> 6 & 0x3f))));
  } else {
    TRY(put(static_cast<char>(0xf0 | code_point >> 18)));
    TRY(put(static_cast<char>(0x80 | (code_point >> 12 & 0x3f))));
    TRY(put(static_cast<char>(0x80 | (code_point >> 6 & 0x3f))));
  }
  return put(static_cast<char>(0x80 | (code_point & 0x3f)));
}

// After a backslash within $'...'.
Status ShellReader::read_ansi_escape() {
  constexpr std::string_view kNames = "abeEfnrtv\\'\"?";
  constexpr std::string_view kValues = "\a\b\x1b\x1b\f\n\r\t\v\\'\"?";
  const char c = peek();
  if (const std::size_t found = c == '\0' ? std::string_view::npos : kNames.find(c); found != std::string_view::npos) {
    ++at_;
    return put(kValues[found]);
  }
  const bool octal = c >= '0' && c <= '7';
  const int digits_max = octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (c == 'c') return refuse(ErrorCode::kUnsupported, "has a control escape");
  if (digits_max == 0) return put('\\');  // the next octet follows by itself
  if (!octal) ++at_;
  std::uint32_t value = 0;
  int digits = 0;
  for (; digits < digits_max && hex_digit(peek()) >= 0 && (!octal || peek() < '8'); ++digits, ++at_) {
    value = value * (octal ? 8 : 16) + static_cast<std::uint32_t>(hex_digit(peek()));
  }
  if (digits == 0) return refuse(ErrorCode::kUnsupported, "has an escape without digits");
  if (c == 'u' || c == 'U') return put_code_point(value);
  if ((value & 0xff) == 0) return refuse(ErrorCode::kUnsupported, "has an escape that stands for NUL");
  return put(static_cast<char>(value & 0xff));
}

Status ShellReader::read_ansi_quotes(Draft& draft) {
  mark(kShellAnsiQuoting);
  draft.quoted = true;
  for (++at_; peek() != '\'';) {
    if (at_end()) return malformed("has an open $'");
    if (peek() == '\\') {
      ++at_;
      TRY(read_ansi_escape());
    } else {
      TRY(put(peek()));
      ++at_;
    }
  }
  ++at_;
  return {};
}

}  // namespace agentos::canonical
