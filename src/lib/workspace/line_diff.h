// What lines differ between two texts, as a unified diff with three lines of context.
#pragma once

#include <string>
#include <string_view>

namespace agentos::workspace {

inline constexpr std::size_t kDiffBytesMax = 1 << 20;    // of each text; more is not compared by lines
inline constexpr std::size_t kDiffCellsMax = 4'000'000;  // of the table; beyond it what differs is one block
inline constexpr std::size_t kDiffContextLines = 3;

// UTF-8 without NUL and not larger than kDiffBytesMax.
bool comparable(std::string_view text);
// Lines beginning with "@@", " ", "-" or "+"; empty for equal texts. A last line without its end is followed by
// "\ no newline at the end". The octets of the lines are passed on as they are.
std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace agentos::workspace
