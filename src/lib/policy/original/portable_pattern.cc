// Classes are written out over all of Unicode, and a final $ as what it means; what RE2 has no words for is noted.
#include "lib/policy/original/portable_pattern.h"

#include "lib/policy/original/character_sets.h"
#include "lib/policy/original/python_pattern.h"

namespace agentos::policy::original {
namespace {

constexpr std::string_view kNotSpace =
    "\\x{0}-\\x{8}\\x{e}-\\x{1b}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{10ffff}";
// As is_digit, is_word and is_space, with their opposites; empty where it takes more than members of a class.
constexpr std::string_view kMembers[CharacterSet::kClasses] = {
    "\\p{Nd}",
    "\\P{Nd}",
    "\\pL\\pN_",
    "",
    "\\t-\\r\\x{1c}-\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}",
    kNotSpace};
constexpr std::string_view kOnlyNotWord = "[^\\pL\\pN_]";

class PortableWriter {
 public:
  void write(const Expression& expression, bool at_the_end) {
    if (out_.text.size() > kPortableOctetsMax) return;  // refused by its length
    switch (expression.kind) {
      case Expression::Kind::kEmpty:
        break;
      case Expression::Kind::kSet:
        write_set(expression.set);
        break;
      case Expression::Kind::kPlace:
        write_position(expression.place, at_the_end);
        break;
      case Expression::Kind::kSequence:
        for (const Expression& part : expression.parts) {
          write(part, at_the_end && &part == &expression.parts.back());
        }
        break;
      case Expression::Kind::kAlternatives:
        out_.text += "(?:";
        for (const Expression& part : expression.parts) {
          if (&part != &expression.parts.front()) out_.text += '|';
          write(part, at_the_end);
        }
        out_.text += ')';
        break;
      case Expression::Kind::kRepetition:
        out_.text += "(?:";
        write(expression.parts.front(), false);
        out_.text += ')';
        write_count(expression);
        break;
    }
  }
  PortablePattern take() { return std::move(out_); }

  static constexpr std::size_t kPortableOctetsMax = kPatternOctetsMax * 16;

 private:
  void write_count(const Expression& repetition) {
    const bool unbounded = repetition.most == Expression::kUnbounded;
    if (unbounded && repetition.least <= 1) {
      out_.text += repetition.least == 0 ? '*' : '+';
    } else if (repetition.least == 0 && repetition.most == 1) {
      out_.text += '?';
    } else {
      out_.text += "{" + std::to_string(repetition.least) + ",";
      out_.text += unbounded ? "}" : std::to_string(repetition.most) + "}";
    }
  }

  // One character that needs no brackets.
  bool write_letter(const CharacterSet& set) {
    if (set.negated || set.classes != 0 || set.ranges.size() != 1 || set.ranges[0].low != set.ranges[0].high) {
      return false;
    }
    const std::uint32_t c = set.ranges[0].low;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool plain = (c >= '0' && c <= '9') || c == ' ' || c == '_' || c == '-' || c == '/' || c == ':' || c == '=' ||
                       c == '@' || c == ',' || c == ';' || c == '\'' || c == '"' || c == '<' || c == '>' || c == '%';
    const bool escaped = c == '.' || c == '*' || c == '+' || c == '?' || c == '(' || c == ')' || c == '[' || c == ']' ||
                         c == '{' || c == '}' || c == '|' || c == '^' || c == '$' || c == '\\';
    if (!letter && !plain && !escaped) return false;
    if (letter && set.any_case) out_.text += "(?i:";
    if (escaped) out_.text += '\\';
    out_.text += static_cast<char>(c);
    if (letter && set.any_case) out_.text += ')';
    return true;
  }

  void write_set(const CharacterSet& set) {
    if (write_letter(set)) return;
    if (set.classes == 0 || set.ascii_classes) {
      out_.text += to_re2(set);
      return;
    }
    constexpr auto kNotWordBit = static_cast<std::uint8_t>(1u << CharacterSet::kNotWord);
    if (set.ranges.empty() && set.classes == kNotWordBit) {
      out_.text += set.negated ? "[\\pL\\pN_]" : kOnlyNotWord;
      return;
    }
    // Case is folded in ranges, never in classes.
    if ((set.classes & kNotWordBit) != 0 || (set.any_case && set.negated && !set.ranges.empty())) {
      out_.parts_outside_ascii = true;
      out_.text += to_re2(set);
      return;
    }
    std::string members;
    for (std::size_t i = 0; i < CharacterSet::kClasses; ++i) {
      if ((set.classes & (1u << i)) != 0) members += kMembers[i];
    }
    const CharacterSet ranges{.ranges = set.ranges, .any_case = set.any_case};
    if (set.ranges.empty()) {
      out_.text += (set.negated ? "[^" : "[") + members + "]";
    } else if (set.any_case) {
      out_.text += "(?:" + to_re2(ranges) + "|[" + members + "])";
    } else {
      const std::string inside = to_re2(ranges);  // "[...]"
      out_.text += (set.negated ? "[^" : "[") + inside.substr(1, inside.size() - 2) + members + "]";
    }
  }

  void write_position(Place place, bool at_the_end) {
    switch (place) {
      case Place::kTextBegin:
        out_.text += '^';
        break;
      case Place::kLineBegin:
        out_.text += "(?m:^)";
        break;
      case Place::kTextEnd:
        out_.text += "\\z";
        break;
      case Place::kFinalEnd:
        out_.text += at_the_end ? "\\n?\\z" : "(?m:$)";
        if (!at_the_end) out_.parts_with_newlines = true;
        break;
      case Place::kLineEnd:
        out_.text += "(?m:$)";
        break;
      case Place::kBoundary:
        out_.parts_outside_ascii = true;
        [[fallthrough]];
      case Place::kAsciiBoundary:
        out_.text += "\\b";
        break;
      case Place::kNotBoundary:
        out_.parts_outside_ascii = true;
        [[fallthrough]];
      case Place::kNotAsciiBoundary:
        out_.parts_when_empty = true;
        out_.text += "\\B";
        break;
    }
  }

  PortablePattern out_;
};

}  // namespace

Result<PortablePattern> portable_pattern(std::string_view pattern) {
  TRY(PythonPattern::compile(pattern));
  PortableWriter writer;
  writer.write(TRY(read_expression(pattern)), true);
  PortablePattern written = writer.take();
  if (written.text.size() > PortableWriter::kPortableOctetsMax) {
    return fail(ErrorCode::kTooLarge, "regular expression: too long when it is written out",
                "split the rule in several");
  }
  return written;
}

}  // namespace agentos::policy::original
