// The parser of Python's pattern syntax: alternatives, repetitions, groups, flags.
#include "lib/policy/original/expression_reader.h"

#include <algorithm>
#include <cctype>

#include "lib/policy/original/code_points.h"

namespace agentos::policy::original {

std::unexpected<Error> ExpressionReader::refuse(std::size_t at, std::string_view what, std::string hint) const {
  return fail(ErrorCode::kMalformed, "regular expression: " + std::string(what) + " at octet " + std::to_string(at + 1),
              std::move(hint));
}

namespace {
constexpr const char* kBacktracking = "patterns run in linear time here; write the alternatives out";
}  // namespace

Result<Expression> ExpressionReader::read() {
  if (text_.size() > kPatternOctetsMax) {
    return fail(ErrorCode::kTooLarge,
                "regular expression: longer than " + std::to_string(kPatternOctetsMax) + " octets", "split the rule");
  }
  TRY(global_flags());
  Expression whole = TRY(alternatives(0));
  if (!at_end()) return refuse(at_, "an unexpected )", "a literal parenthesis is written \\)");
  return whole;
}

// (?i), (?ms), ...: only before everything else.
Status ExpressionReader::global_flags() {
  while (rest().starts_with("(?")) {
    const std::size_t end = rest().find_first_not_of("aiLmsux", 2);
    if (end == 2 || end == std::string_view::npos || rest()[end] != ')') return {};
    for (const char letter : rest().substr(2, end - 2)) TRY(set_flag(flags_, letter, true));
    at_ += end + 1;
  }
  return {};
}

Status ExpressionReader::set_flag(Flags& flags, char letter, bool on) const {
  switch (letter) {
    case 'i':
      flags.any_case = on;
      break;
    case 'm':
      flags.lines = on;
      break;
    case 's':
      flags.dot_is_any = on;
      break;
    case 'a':
      flags.ascii = true;
      break;
    case 'u':
      flags.ascii = false;
      break;
    case 'x':
      return refuse(at_, "the flag x (verbose) is not supported", "write the pattern without blanks and comments");
    default:
      return refuse(at_, "the flag L is for octets, not for text", "leave it out");
  }
  if (flags.ascii && flags.any_case) {
    return refuse(at_, "the flags a and i together are not supported", "leave a out, or write both cases");
  }
  return {};
}

Result<Expression> ExpressionReader::alternatives(std::size_t depth) {
  if (depth > kGroupDepthMax) return refuse(at_, "groups nested deeper than " + std::to_string(kGroupDepthMax));
  Expression all{.kind = Expression::Kind::kAlternatives};
  do {
    all.parts.push_back(TRY(sequence(depth)));
  } while (take('|'));
  return all.parts.size() == 1 ? std::move(all.parts.front()) : all;
}

Result<Expression> ExpressionReader::sequence(std::size_t depth) {
  Expression sequence{.kind = Expression::Kind::kSequence};
  while (!at_end() && text_[at_] != '|' && text_[at_] != ')') {
    if (TRY(comment())) continue;
    const std::size_t begin = at_;
    int least = 0;
    int most = 0;
    if (quantifier(least, most))
      return refuse(begin, "a repetition of nothing", "a literal is written with a backslash");
    Expression part = TRY(atom(depth));
    TRY(repeat(part));
    sequence.parts.push_back(std::move(part));
  }
  return sequence;
}

Result<bool> ExpressionReader::comment() {
  if (!rest().starts_with("(?#")) return false;
  const std::size_t end = rest().find(')');
  if (end == std::string_view::npos) return refuse(at_, "a comment without its )");
  at_ += end + 1;
  return true;
}

// True, and past it, when a repetition stands here.
bool ExpressionReader::quantifier(int& least, int& most) {
  if (at_end()) return false;
  const char c = text_[at_];
  if (c == '*' || c == '+' || c == '?') {
    least = c == '+' ? 1 : 0;
    most = c == '?' ? 1 : Expression::kUnbounded;
    ++at_;
    return true;
  }
  if (c != '{') return false;
  std::size_t at = at_ + 1;
  const auto number = [&](int absent) {
    int value = absent;
    for (; at < text_.size() && text_[at] >= '0' && text_[at] <= '9'; ++at) {
      value = std::min((value == absent ? 0 : value) * 10 + (text_[at] - '0'), kRepetitionsMax + 1);
    }
    return value;
  };
  constexpr int kAbsent = Expression::kUnbounded;
  const int low = number(kAbsent);
  int high = low;
  if (at < text_.size() && text_[at] == ',') {
    ++at;
    high = number(kAbsent);
  } else if (low == kAbsent) {
    return false;  // "{}" is literal, and so is "{a"
  }
  if (at >= text_.size() || text_[at] != '}') return false;
  least = low == kAbsent ? 0 : low;
  most = high;
  at_ = at + 1;
  return true;
}

Status ExpressionReader::repeat(Expression& part) {
  const std::size_t begin = at_;
  int least = 0;
  int most = 0;
  while (TRY(comment())) {
  }
  if (!quantifier(least, most)) return {};
  if (part.kind == Expression::Kind::kPlace) return refuse(begin, "a repetition of a place, which is nothing");
  if (least > kRepetitionsMax || most > kRepetitionsMax) {
    return refuse(begin, "a repetition beyond " + std::to_string(kRepetitionsMax), "repeat fewer times, or use * or +");
  }
  if (most != Expression::kUnbounded && most < least) return refuse(begin, "a repetition whose bounds run backwards");
  if (!take('?') && !at_end() && text_[at_] == '+') return refuse(at_, "a possessive repetition", kBacktracking);
  const std::size_t after = at_;
  int ignored = 0;
  while (TRY(comment())) {
  }
  if (quantifier(ignored, ignored)) return refuse(after, "a repetition of a repetition", "group first: (?:a*)*");
  Expression repetition{.kind = Expression::Kind::kRepetition, .least = least, .most = most};
  repetition.parts.push_back(std::move(part));
  part = std::move(repetition);
  return {};
}

Result<Expression> ExpressionReader::atom(std::size_t depth) {
  const char c = text_[at_];
  if (c == '(') return group(depth);
  if (c == '[') return character_class();
  if (c == '\\') return escape();
  const auto place = [this](Place where) {
    ++at_;
    return Expression{.kind = Expression::Kind::kPlace, .place = where};
  };
  if (c == '^') return place(flags_.lines ? Place::kLineBegin : Place::kTextBegin);
  if (c == '$') return place(flags_.lines ? Place::kLineEnd : Place::kFinalEnd);
  if (c == '.') {
    ++at_;
    CharacterSet any{.negated = true};
    if (!flags_.dot_is_any) any.ranges.push_back({'\n', '\n'});
    return set_of(std::move(any));
  }
  const CodePoint literal = code_point_at(text_, at_);
  at_ += literal.octets;
  return literal_of(literal.value);
}

Result<Expression> ExpressionReader::group(std::size_t depth) {
  const std::size_t begin = at_++;
  const Flags outer = flags_;
  if (take('?')) TRY(group_kind(begin));
  Expression inside = TRY(alternatives(depth + 1));
  flags_ = outer;
  if (!take(')')) return refuse(begin, "a ( without its )", "a literal parenthesis is written \\(");
  // A group is one thing to repeat, whatever is in it.
  Expression group{.kind = Expression::Kind::kSequence};
  group.parts.push_back(std::move(inside));
  return group;
}

// After "(?".
Status ExpressionReader::group_kind(std::size_t begin) {
  if (take(':')) return {};
  if (rest().starts_with("P<")) {
    const std::size_t end = rest().find('>');
    const std::string_view name = end == std::string_view::npos ? "" : rest().substr(2, end - 2);
    const auto part_of_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    if (name.empty() || (name[0] >= '0' && name[0] <= '9') || !std::ranges::all_of(name, part_of_name)) {
      return refuse(begin, "a bad group name", "(?P<name>...) with ASCII letters, digits and _");
    }
    if (std::ranges::find(names_, name) != names_.end()) return refuse(begin, "a group name used twice");
    names_.push_back(name);
    at_ += end + 1;
    return {};
  }
  if (rest().starts_with("P=") || rest().starts_with('(')) return refuse(begin, "a back-reference", kBacktracking);
  if (rest().starts_with('=') || rest().starts_with('!') || rest().starts_with("<=") || rest().starts_with("<!")) {
    return refuse(begin, "look-around", kBacktracking);
  }
  if (rest().starts_with('>')) return refuse(begin, "an atomic group", kBacktracking);
  return scoped_flags(begin);
}

// (?i:...), (?s-m:...)
Status ExpressionReader::scoped_flags(std::size_t begin) {
  bool on = true;
  bool any = false;
  for (; !at_end(); ++at_) {
    const char letter = text_[at_];
    if (letter == ':' && any) {
      ++at_;
      return {};
    }
    if (letter == ')' && any && on) {
      return refuse(begin, "flags that are not at the start", "begin the pattern with them, or write (?i:...)");
    }
    if (letter == '-' && on) {
      on = false;
      any = false;
      continue;
    }
    if (std::string_view("aiLmsux").find(letter) == std::string_view::npos) break;
    if (!on && (letter == 'a' || letter == 'u' || letter == 'L'))
      return refuse(at_, "a flag that cannot be turned off");
    TRY(set_flag(flags_, letter, on));
    any = true;
  }
  return refuse(begin, "an unknown group", "groups are (...), (?:...), (?P<name>...) and (?i:...)");
}

Expression ExpressionReader::literal_of(std::uint32_t code_point) const {
  CharacterSet set;
  add_range({code_point, code_point}, set);
  return set_of(std::move(set));
}

Expression ExpressionReader::set_of(CharacterSet set) const {
  set.any_case = flags_.any_case;
  set.ascii_classes = flags_.ascii;
  return Expression{.kind = Expression::Kind::kSet, .set = std::move(set)};
}

Result<Expression> read_expression(std::string_view pattern) { return ExpressionReader(pattern).read(); }

}  // namespace agentos::policy::original
