// A Python pattern in RE2's syntax for texts of any characters, and for which texts the two dialects still part: for
// documents that are written anew and have nothing but RE2.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::policy::original {

struct PortablePattern {
  std::string text;  // RE2 finds it where Python does, but in the texts below
  bool parts_outside_ascii = false;
  bool parts_with_newlines = false;
  bool parts_when_empty = false;
};

// Errors as of PythonPattern::compile.
Result<PortablePattern> portable_pattern(std::string_view pattern);

}  // namespace agentos::policy::original
