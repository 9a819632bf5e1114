// The named bounds of policy tooling; beyond one of them a document is refused, or a search ends and says so.
#pragma once

#include <cstddef>

namespace agentos::policy::tools {

inline constexpr std::size_t kTestBytesMax = 4u << 20;  // a PolicyTest document
inline constexpr std::size_t kCasesMax = 10'000;        // a test
inline constexpr std::size_t kToolsMax = 10'000;        // known to a vocabulary
inline constexpr std::size_t kRequestListMax = 1'000;   // entries of a list of a request
inline constexpr std::size_t kRequestTextMax = 65'536;  // octets of one of its texts, arguments apart
inline constexpr std::size_t kValuesMax = 64;           // tried of one attribute of a request, from one rule
inline constexpr std::size_t kSatisfyTriesMax = 4'000;  // requests tried to make one rule apply
inline constexpr std::size_t kFlipTriesMax = 20'000;    // requests tried for the smallest change
inline constexpr std::size_t kDiffTriesMax = 400'000;   // requests decided by a diff
inline constexpr std::size_t kWitnessesMax = 1'000;     // reported by a diff
inline constexpr std::size_t kGlobStatesMax = 20'000;   // of two globs compared
inline constexpr std::size_t kFindingsMax = 10'000;     // of a lint
inline constexpr std::size_t kFormatWidth = 120;        // columns of canonical text
inline constexpr std::size_t kPatternDepthMax = 32;     // of groups in a regular expression an example is made of

}  // namespace agentos::policy::tools
