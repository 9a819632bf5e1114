// What holds for every manifest, whether it was read from a document or made by a program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "lib/tool/manifest.h"

namespace agentos::tool {

inline constexpr std::int64_t kCostMax = 1LL << 50;  // tokens, or millionths of money, of one call
inline constexpr std::int64_t kTimeoutMsMax = 24LL * 3600 * 1000;
inline constexpr std::int64_t kOutputBytesMax = 64LL << 20;
inline constexpr std::size_t kSummaryBytesMax = 1024;
inline constexpr std::size_t kCommandWordsMax = 256;
inline constexpr std::size_t kPathsMax = 64;

// kInvalidArgument with what is wrong and how to mend it.
Status check_name(std::string_view name);
Status check_bounds(const Manifest& manifest);
// Placeholders: the program itself is fixed, "{name}" is a required property of the schema, "{name?}" a property.
Status check_command(const Manifest& manifest);

// check_name, check_bounds and, for processes, check_command.
Status check_manifest(const Manifest& manifest);

}  // namespace agentos::tool
