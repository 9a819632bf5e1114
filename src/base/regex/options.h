// How regular expressions are read, and the bounds every one of them keeps to.
#pragma once

#include <cstddef>

namespace agentos::regex {

enum class Case { kSensitive, kInsensitive };
enum class Dot { kStopsAtNewline, kMatchesNewline };

inline constexpr std::size_t kExpressionOctetsMax = 4096;
inline constexpr std::size_t kProgramOctetsMax = 1 << 20;      // one expression, compiled
inline constexpr std::size_t kSetExpressionsMax = 10'000;      // expressions of one set
inline constexpr std::size_t kSetProgramOctetsMax = 64 << 20;  // a whole set, compiled, with its automaton

struct Options {
  Case letters = Case::kSensitive;
  Dot dot = Dot::kStopsAtNewline;
  // A caller that writes expressions itself may need longer ones; a set may be given less than its bound, never more.
  std::size_t expression_octets_max = kExpressionOctetsMax;
  std::size_t program_octets_max = kProgramOctetsMax;
  std::size_t set_octets_max = kSetProgramOctetsMax;
};

}  // namespace agentos::regex
