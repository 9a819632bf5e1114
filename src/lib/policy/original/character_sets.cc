// Unicode properties come from RE2's tables, so that there is one source of them.
#include "lib/policy/original/character_sets.h"

#include <algorithm>
#include <charconv>

#include "lib/policy/original/code_points.h"

namespace agentos::policy::original {

namespace {

void append_code_point_escape(std::uint32_t code_point, std::string& out) {
  char hex[8];
  const auto end = std::to_chars(hex, hex + sizeof hex, code_point, 16).ptr;
  out += "\\x{";
  out.append(hex, end);
  out += '}';
}

void append_range(const Range& range, std::string& out) {
  append_code_point_escape(range.low, out);
  if (range.low == range.high) return;
  out += '-';
  append_code_point_escape(range.high, out);
}

bool has_property(const regex::Pattern& property, std::uint32_t code_point) {
  std::string text;
  append_code_point(code_point, text);
  return property.full_match(text);
}

regex::Pattern property(std::string_view expression) {
  auto pattern = regex::Pattern::compile(expression);
  CHECK(pattern);
  return std::move(*pattern);
}

bool holds_class(CharacterSet::Class named, std::uint32_t c, bool ascii) {
  const bool outside = ascii && c >= 0x80;
  switch (named) {
    case CharacterSet::kDigit:
      return !outside && is_digit(c);
    case CharacterSet::kNotDigit:
      return outside || !is_digit(c);
    case CharacterSet::kWord:
      return !outside && is_word(c);
    case CharacterSet::kNotWord:
      return outside || !is_word(c);
    case CharacterSet::kSpace:
      return !outside && is_space(c) && !(ascii && c >= 0x1c && c < 0x20);
    case CharacterSet::kNotSpace:
      return outside || !is_space(c) || (ascii && c >= 0x1c && c < 0x20);
    case CharacterSet::kClasses:
      break;
  }
  return false;
}

}  // namespace

bool is_word(std::uint32_t c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  static const regex::Pattern kWord = property("[\\pL\\pN]");
  return has_property(kWord, c);
}

bool is_digit(std::uint32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  static const regex::Pattern kDigit = property("\\p{Nd}");
  return has_property(kDigit, c);
}

bool is_space(std::uint32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
         c == 0x202f || c == 0x205f || c == 0x3000;
}

std::string to_re2(const CharacterSet& set) {
  if (set.ranges.empty() && set.classes == 0) return set.negated ? "(?s:.)" : "[^\\x{0}-\\x{10ffff}]";
  std::string out = set.any_case ? "(?i:[" : "[";
  if (set.negated) out += '^';
  for (const Range& range : set.ranges) append_range(range, out);
  static constexpr std::string_view kAscii[] = {
      "0-9", "\\D", "0-9A-Za-z_", "\\W", "\\t-\\r\\x{1c}-\\x{20}", "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{10ffff}"};
  static constexpr std::string_view kAsciiOnly[] = {
      "0-9", "\\D", "0-9A-Za-z_", "\\W", "\\t-\\r\\x{20}", "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}"};
  for (std::size_t i = 0; i < CharacterSet::kClasses; ++i) {
    if ((set.classes & (1u << i)) != 0) out += set.ascii_classes ? kAsciiOnly[i] : kAscii[i];
  }
  out += set.any_case ? "])" : "]";
  return out;
}

Result<CharacterTest> CharacterTest::compile(const CharacterSet& set) {
  CharacterTest test(set);
  if (set.any_case && !set.ranges.empty()) {
    const CharacterSet only_ranges{.ranges = set.ranges, .any_case = true};
    test.folded_ = TRY(regex::Pattern::compile(to_re2(only_ranges), {.expression_octets_max = kPatternOctetsMax * 16}));
  }
  return test;
}

bool CharacterTest::holds(std::uint32_t c) const {
  bool inside = folded_ ? has_property(*folded_, c)
                        : std::ranges::any_of(set_.ranges, [c](const Range& r) { return r.low <= c && c <= r.high; });
  for (std::size_t i = 0; i < CharacterSet::kClasses && !inside; ++i) {
    const auto named = static_cast<CharacterSet::Class>(i);
    inside = (set_.classes & (1u << i)) != 0 && holds_class(named, c, set_.ascii_classes);
  }
  return inside != set_.negated;
}

}  // namespace agentos::policy::original
