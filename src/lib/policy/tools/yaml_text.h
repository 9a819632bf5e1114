// Scalars as canonical YAML: plain where that says the same, else in double quotes, or as a block of text.
#pragma once

#include <string>
#include <string_view>

#include "base/yaml/document.h"

namespace agentos::policy::tools {

enum class Inside : std::uint8_t { kFlow, kBlock };  // brackets, or lines of their own

// A text, on one line.
std::string scalar_text(std::string_view text, Inside inside);
// A scalar node, on one line; what is no text as it was written.
std::string scalar_text(const yaml::Node& node, Inside inside);
// What follows "key:" in block style when the text is better written on lines of its own: " |\n  ..." with every line
// indented by `indent`; empty when it is not.
std::string block_text(std::string_view text, std::size_t columns_before, std::size_t indent, std::string_view comment);

}  // namespace agentos::policy::tools
