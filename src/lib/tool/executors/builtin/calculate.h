// Arithmetic on a line of text: + - * / % ^, parentheses, sqrt abs min max round floor ceil, pi and e.
//
//   sum     = product { ("+" | "-") product }
//   product = sign { ("*" | "/" | "%") sign }
//   sign    = ("+" | "-") sign | power
//   power   = primary [ "^" sign ]                   right-associative; -2^2 is -4
//   primary = number | "pi" | "e" | name "(" sum { "," sum } ")" | "(" sum ")"
//
// Numbers are IEEE 754 doubles; a % b has the sign of a. Work and recursion are bounded.
#pragma once

#include <string_view>

#include "base/error.h"

namespace agentos::tool {

inline constexpr std::size_t kExpressionBytesMax = 4096;
inline constexpr int kExpressionDepthMax = 64;

// Finite. kInvalidArgument: "at 5: division by zero", where 1 is the first octet.
Result<double> calculate(std::string_view expression);

}  // namespace agentos::tool
