// A regular expression in Python's syntax, as a tree: what `re` of Python 3.11 accepts, less what needs backtracking.
//
// Only whether a text holds a match is ever asked, so captures and the greed of repetitions are not kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::policy::original {

// Code points [low, high]; neither end is a surrogate.
struct Range {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  bool operator==(const Range&) const = default;
};

// One character out of a set: of the ranges or the classes, or with `negated` of neither.
struct CharacterSet {
  enum Class : std::uint8_t { kDigit, kNotDigit, kWord, kNotWord, kSpace, kNotSpace, kClasses };
  std::vector<Range> ranges = {};
  std::uint8_t classes = 0;  // bits 1 << Class
  bool negated = false;
  bool any_case = false;
  bool ascii_classes = false;  // under (?a)
  bool operator==(const CharacterSet&) const = default;
};

enum class Place : std::uint8_t {
  kTextBegin,  // ^ and \A
  kLineBegin,  // ^ under (?m)
  kTextEnd,    // \Z
  kLineEnd,    // $ under (?m)
  kFinalEnd,   // $: the end, or before a newline that ends the text
  kBoundary,
  kNotBoundary,
  kAsciiBoundary,  // under (?a)
  kNotAsciiBoundary,
};

struct Expression {
  enum class Kind : std::uint8_t { kEmpty, kSet, kPlace, kSequence, kAlternatives, kRepetition };
  static constexpr int kUnbounded = -1;
  Kind kind = Kind::kEmpty;
  CharacterSet set = {};
  Place place = Place::kTextBegin;
  std::vector<Expression> parts = {};  // one of a kRepetition
  int least = 0;
  int most = kUnbounded;
};

inline constexpr std::size_t kPatternOctetsMax = 4096;
inline constexpr std::size_t kGroupDepthMax = 64;
inline constexpr int kRepetitionsMax = 1000;

// kMalformed with the octet and a way to mend it: what Python refuses, and look-around, back-references, conditionals,
// atomic and possessive groups, (?x), \N{...}, which need backtracking or are not supported here.
Result<Expression> read_expression(std::string_view pattern);

}  // namespace agentos::policy::original
