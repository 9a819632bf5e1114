// The comments and empty lines of a YAML text, with their lines; found by reading tokens, so that '#' in quotes and in
// blocks of text is none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::policy::tools {

struct Comment {
  std::uint32_t line = 0;
  bool own_line = false;  // nothing stands before it on its line
  std::string text;       // from '#' on, without blanks at its end
};

struct Layout {
  std::vector<Comment> comments;
  std::vector<bool> empty_lines;  // by line, from 1
  bool is_empty(std::uint32_t line) const { return line < empty_lines.size() && empty_lines[line]; }
};

// kUnsupported for anchors, aliases, tags and directives, with the place.
Result<Layout> layout_of(std::string_view text, std::string_view file);

}  // namespace agentos::policy::tools
