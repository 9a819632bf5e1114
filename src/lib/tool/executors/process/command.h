// A command with arguments filled in: whole words only, never through a shell, so an argument is always exactly one
// word and cannot become another word, another option list or another program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::tool {

inline constexpr std::size_t kWordBytesMax = 128 * 1024 - 1;  // MAX_ARG_STRLEN of Linux, without the NUL
inline constexpr std::size_t kExpandedWordsMax = 1024;

struct Placeholder {
  enum class Kind : std::uint8_t {
    kOne,       // {name}: one word; the argument must be there
    kOptional,  // {name?}: one word, or none when the argument is absent or null
    kSpread,    // {name...}: an array of strings, one word each; none when absent
  };
  std::string_view name;  // into the word
  Kind kind = Kind::kOne;
};

// A word that is exactly one placeholder; anything else ("--x={name}", "{}") is literal.
std::optional<Placeholder> placeholder_of(std::string_view word);
bool has_placeholder(const std::vector<std::string>& command);

// kInvalidArgument names the argument that does not fit a word.
Result<std::vector<std::string>> expand_command(const std::vector<std::string>& command, const json::Value& arguments);

}  // namespace agentos::tool
