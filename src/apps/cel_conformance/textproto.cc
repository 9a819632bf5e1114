// Protobuf text format: a scanner and a recursive reader.
#include "apps/cel_conformance/textproto.h"

#include <fmt/format.h>
#include "lib/policy/cel/text.h"

namespace agentos::cel_conformance {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '+';
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Field> file() {
    Field root{.kind = FieldKind::kMessage};
    TRY(message(root, '\0', 0));
    return root;
  }

 private:
  std::unexpected<Error> wrong(std::string message) const {
    const std::string_view before = text_.substr(0, place_);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return fail(ErrorCode::kMalformed, fmt::format("{}:{}: {}", line_, place_ - line_start + 1, message));
  }
  char here() const { return place_ < text_.size() ? text_[place_] : '\0'; }
  bool at_end() const { return place_ >= text_.size(); }
  void skip() {
    for (; !at_end(); ++place_) {
      if (here() == '#') place_ = std::min(text_.find('\n', place_), text_.size());
      if (here() == '\n') ++line_;
      if (at_end() || std::string_view(" \t\r\n").find(here()) == std::string_view::npos) return;
    }
  }
  bool take(char c) {
    skip();
    if (at_end() || here() != c) return false;
    ++place_;
    return true;
  }

  Status message(Field& into, char close, std::size_t depth);
  Status field(Field& into, std::size_t depth);
  Status value(Field& field, std::size_t depth);
  Status scalar(Field& field);
  Result<std::string> name();
  Status quoted(std::string& out);
  Status escape(std::string& out);
  Result<std::uint32_t> digits(std::size_t least, std::size_t most, int base);

  std::string_view text_;
  std::size_t place_ = 0;
  std::size_t line_ = 1;
  std::size_t count_ = 0;
};

Status Reader::message(Field& into, char close, std::size_t depth) {
  if (depth > kDepthMax) return wrong("nested too deeply");
  for (;;) {
    skip();
    if (close == '\0' ? at_end() : take(close)) return {};
    if (at_end()) return wrong("the file ends inside a message");
    TRY(field(into, depth));
    if (!take(',')) take(';');
  }
}

Result<std::string> Reader::name() {
  skip();
  const std::size_t start = place_;
  if (here() == '[') {
    place_ = text_.find(']', place_);
    if (place_ == std::string_view::npos || place_ - start > 300) {
      place_ = start;
      return wrong("an extension's name has no end");
    }
    ++place_;
  } else {
    while (is_word(here())) ++place_;
  }
  if (place_ == start) return wrong("a field's name belongs here");
  return std::string(text_.substr(start, place_ - start));
}

Status Reader::field(Field& into, std::size_t depth) {
  if (++count_ > kFieldsMax) return fail(ErrorCode::kTooLarge, fmt::format("more than {} fields", kFieldsMax));
  Field made{.name = TRY(name()), .line = line_};
  const bool colon = take(':');
  if (colon && take('[')) {  // a list of values is the field again and again
    if (take(']')) return {};
    do {
      Field element{.name = made.name, .line = line_};
      if (++count_ > kFieldsMax) return fail(ErrorCode::kTooLarge, fmt::format("more than {} fields", kFieldsMax));
      TRY(value(element, depth));
      into.fields.push_back(std::move(element));
    } while (take(','));
    return take(']') ? Status() : Status(wrong("a list has no end"));
  }
  skip();
  if (!colon && here() != '{' && here() != '<') return wrong("':' or '{' belongs here");
  TRY(value(made, depth));
  into.fields.push_back(std::move(made));
  return {};
}

Status Reader::value(Field& field, std::size_t depth) {
  for (const auto& [open, close] : {std::pair('{', '}'), std::pair('<', '>')}) {
    if (!take(open)) continue;
    field.kind = FieldKind::kMessage;
    return message(field, close, depth + 1);
  }
  return scalar(field);
}

Status Reader::scalar(Field& field) {
  skip();
  if (here() == '"' || here() == '\'') {
    field.kind = FieldKind::kText;
    for (skip(); here() == '"' || here() == '\''; skip()) TRY(quoted(field.text));
    return {};
  }
  const std::size_t start = place_;
  if (here() == '-') ++place_;
  skip();
  while (is_word(here()) || (here() == '-' && place_ > start && (text_[place_ - 1] == 'e' || text_[place_ - 1] == 'E')))
    ++place_;
  field.text = text_.substr(start, place_ - start);
  std::erase_if(field.text, [](char c) { return c == ' '; });
  if (field.text.empty() || field.text == "-") return wrong("a value belongs here");
  return {};
}

Status Reader::quoted(std::string& out) {
  const char quote = here();
  ++place_;
  while (here() != quote) {
    if (at_end() || here() == '\n') return wrong("a string has no end on its line");
    if (here() == '\\') {
      ++place_;
      TRY(escape(out));
    } else {
      out += text_[place_++];
    }
  }
  ++place_;
  return {};
}

Result<std::uint32_t> Reader::digits(std::size_t least, std::size_t most, int base) {
  std::uint32_t number = 0;
  std::size_t count = 0;
  for (; count < most && digit_value(here()) < base; ++count, ++place_)
    number = number * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit_value(here()));
  if (count < least) return wrong("an escape has too few digits");
  return number;
}

Status Reader::escape(std::string& out) {
  static constexpr std::string_view kLetters = "abfnrtv?'\"\\`", kMeanings = "\a\b\f\n\r\t\v?'\"\\`";
  const char c = here();
  if (at_end()) return wrong("an escape has no end");
  if (const std::size_t found = kLetters.find(c); found != std::string_view::npos) {
    out += kMeanings[found];
    ++place_;
    return {};
  }
  if (c >= '0' && c <= '7') {
    const std::uint32_t octet = TRY(digits(1, 3, 8));
    if (octet > 255) return wrong("an octal escape is one octet");
    out += static_cast<char>(octet);
    return {};
  }
  ++place_;
  if (c == 'x' || c == 'X') {
    out += static_cast<char>(TRY(digits(1, 2, 16)));
    return {};
  }
  if (c != 'u' && c != 'U') return wrong("unknown escape");
  const std::size_t count = c == 'u' ? 4 : 8;
  const std::uint32_t code_point = TRY(digits(count, count, 16));
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
    return wrong("an escape is no code point");
  cel::append_utf8(out, code_point);
  return {};
}

}  // namespace

const Field* Field::find(std::string_view wanted) const {
  for (const Field& field : fields)
    if (field.name == wanted) return &field;
  return nullptr;
}

std::string_view Field::text_of(std::string_view wanted) const {
  const Field* field = find(wanted);
  return field == nullptr ? std::string_view() : std::string_view(field->text);
}

Result<Field> parse_textproto(std::string_view text) {
  if (text.size() > kTextBytesMax) return fail(ErrorCode::kTooLarge, fmt::format("more than {} bytes", kTextBytesMax));
  return Reader(text).file();
}

}  // namespace agentos::cel_conformance
