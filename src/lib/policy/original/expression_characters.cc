// Characters of a Python pattern: escapes, classes, ranges, as ranges of code points.
#include <array>
#include <charconv>

#include "lib/policy/original/code_points.h"
#include "lib/policy/original/expression_reader.h"

namespace agentos::policy::original {

namespace {

constexpr std::uint32_t kCodePointMax = 0x10ffff;
constexpr std::array<char, CharacterSet::kClasses> kClassLetters = {'d', 'D', 'w', 'W', 's', 'S'};

bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_decimal(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_surrogate(std::uint32_t c) { return c >= 0xd800 && c < 0xe000; }

std::optional<CharacterSet::Class> class_of(char letter) {
  for (std::size_t i = 0; i < kClassLetters.size(); ++i) {
    if (kClassLetters[i] == letter) return static_cast<CharacterSet::Class>(i);
  }
  return std::nullopt;
}

}  // namespace

// Without surrogates, which no text holds. To Python i, I, dotless and dotted i are one letter when case does not
// count.
void ExpressionReader::add_range(Range range, CharacterSet& set) const {
  if (flags_.any_case) {
    for (const std::uint32_t letter : {0x49u, 0x69u, 0x130u, 0x131u}) {
      if (range.low > letter || letter > range.high) continue;
      set.ranges.push_back({'i', 'i'});
      set.ranges.push_back({0x130, 0x131});
      break;
    }
  }
  if (range.low < 0xd800 && range.high >= 0xd800) {
    set.ranges.push_back({range.low, 0xd7ff});
    if (range.high >= 0xe000) set.ranges.push_back({0xe000, range.high});
  } else {
    set.ranges.push_back(range);
  }
}

Result<std::uint32_t> ExpressionReader::hexadecimal(std::size_t begin, std::size_t digits) {
  std::uint32_t value = 0;
  const std::string_view text = rest().substr(0, digits);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != digits || error != std::errc() || end != text.data() + digits) {
    return refuse(begin, "an escape without its " + std::to_string(digits) + " hexadecimal digits");
  }
  if (value > kCodePointMax || is_surrogate(value)) return refuse(begin, "a character that does not exist");
  at_ += digits;
  return value;
}

// At the character after the backslash: escapes that mean one character wherever they stand.
Result<std::uint32_t> ExpressionReader::escaped_code_point(std::size_t begin) {
  static constexpr std::string_view kLetters = "afnrtv";
  static constexpr std::string_view kMeanings = "\a\f\n\r\t\v";
  const char letter = text_[at_];
  if (const std::size_t found = kLetters.find(letter); found != std::string_view::npos) {
    ++at_;
    return static_cast<std::uint32_t>(kMeanings[found]);
  }
  if (letter == 'x' || letter == 'u' || letter == 'U') {
    ++at_;
    return hexadecimal(begin, letter == 'x' ? 2 : letter == 'u' ? 4 : 8);
  }
  if (is_letter(letter)) {
    return refuse(begin, "unknown escape \\" + std::string(1, letter), "a literal letter has no backslash");
  }
  const CodePoint literal = code_point_at(text_, at_);
  at_ += literal.octets;
  return literal.value;
}

Result<Expression> ExpressionReader::escape() {
  const std::size_t begin = at_++;
  if (at_end()) return refuse(begin, "a backslash at the end", "a literal backslash is written \\\\");
  const char c = text_[at_];
  const auto place = [this](Place where) {
    ++at_;
    return Expression{.kind = Expression::Kind::kPlace, .place = where};
  };
  if (c == 'A') return place(Place::kTextBegin);
  if (c == 'Z') return place(Place::kTextEnd);
  if (c == 'b') return place(flags_.ascii ? Place::kAsciiBoundary : Place::kBoundary);
  if (c == 'B') return place(flags_.ascii ? Place::kNotAsciiBoundary : Place::kNotBoundary);
  if (const auto named = class_of(c)) {
    ++at_;
    return set_of({.classes = static_cast<std::uint8_t>(1u << *named)});
  }
  if (!is_decimal(c)) return literal_of(TRY(escaped_code_point(begin)));
  // \0, \01, \012 and \123 are octal; \1 to \99 point back.
  const std::string_view digits = rest();
  const bool three = digits.size() >= 3 && is_octal(digits[0]) && is_octal(digits[1]) && is_octal(digits[2]);
  if (c != '0' && !three) {
    return refuse(begin, "a back-reference", "patterns run in linear time here; write the alternatives out");
  }
  std::size_t count = 1;
  while (count < 3 && count < digits.size() && is_octal(digits[count])) ++count;
  std::uint32_t value = 0;
  std::from_chars(digits.data(), digits.data() + count, value, 8);
  if (value > 0377) return refuse(begin, "an octal escape beyond \\377");
  at_ += count;
  return literal_of(value);
}

// One member of a class; `begin` is where the class began.
Result<ExpressionReader::Member> ExpressionReader::member(std::size_t begin) {
  const std::size_t here = at_;
  if (!take('\\')) {
    const CodePoint literal = code_point_at(text_, at_);
    at_ += literal.octets;
    return Member{.code_point = literal.value};
  }
  if (at_end()) return refuse(begin, "a [ without its ]", "a literal bracket is written \\[");
  const char c = text_[at_];
  if (const auto named = class_of(c)) {
    ++at_;
    return Member{.named = named};
  }
  if (take('b')) return Member{.code_point = '\b'};
  if (!is_decimal(c)) return Member{.code_point = TRY(escaped_code_point(here))};
  std::size_t count = 0;
  while (count < 3 && count < rest().size() && is_octal(rest()[count])) ++count;
  std::uint32_t value = 0;
  std::from_chars(rest().data(), rest().data() + count, value, 8);
  if (count == 0 || value > 0377) return refuse(here, "an octal escape beyond \\377");
  at_ += count;
  return Member{.code_point = value};
}

Result<Expression> ExpressionReader::character_class() {
  const std::size_t begin = at_++;
  CharacterSet set;
  set.negated = take('^');
  for (bool first = true; first || at_end() || text_[at_] != ']'; first = false) {
    if (at_end()) return refuse(begin, "a [ without its ]", "a literal bracket is written \\[");
    const std::size_t here = at_;
    const Member low = TRY(member(begin));
    if (!rest().starts_with('-') || rest().starts_with("-]")) {
      if (low.named) {
        set.classes |= static_cast<std::uint8_t>(1u << *low.named);
      } else {
        add_range({low.code_point, low.code_point}, set);
      }
      continue;
    }
    ++at_;
    if (at_end()) return refuse(begin, "a [ without its ]", "a literal bracket is written \\[");
    const Member high = TRY(member(begin));
    if (low.named || high.named) return refuse(here, "a range of classes", "a literal - stands last in a class");
    if (high.code_point < low.code_point) return refuse(here, "a character range that runs backwards");
    add_range({low.code_point, high.code_point}, set);
  }
  ++at_;
  return set_of(std::move(set));
}

}  // namespace agentos::policy::original
