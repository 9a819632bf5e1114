// The bounds of one expression: what may be written, and what may be used up while it is evaluated.
//
// They exist so that no text and no input can crash the process, exhaust its memory or keep it busy. Beyond a bound of
// the text the expression does not compile; beyond a bound of evaluation the result is an error value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace agentos::cel {

// Bounds of an expression's text and of what it becomes when macros are expanded.
struct Limits {
  std::size_t source_bytes_max = 64 << 10;
  std::uint32_t depth_max = 250;               // nested operators, calls, brackets; bounds every recursion over a tree
  std::uint32_t nodes_max = 20'000;            // after macro expansion
  std::uint32_t comprehension_depth_max = 12;  // comprehensions inside comprehensions
  std::uint32_t issues_max = 20;               // issues collected before the checker stops
};

// Octets of two texts that are compared for one step of evaluation.
inline constexpr std::size_t kComparedBytesAStep = 256;

// Bounds of evaluation, kept by a Scratch and shared by all evaluations between two of its resets.
struct EvaluationLimits {
  std::uint64_t steps_max = 10'000'000;      // operations; a comprehension pays for its body at each element
  std::size_t scratch_bytes_max = 16 << 20;  // what intermediate strings, lists and maps may take together
};

}  // namespace agentos::cel
