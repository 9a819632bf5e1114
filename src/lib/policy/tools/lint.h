// Rules that do not do what they seem to: findings with their place, a code, a sentence and how to mend them.
//
// What is found holds for every request (rules that never apply or decide) or is shown by a text that was tried (lists
// that another spelling dodges). What is not found may still be wrong. Codes: LINT.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/policy/tools/set.h"

namespace agentos::policy::tools {

struct Finding {
  enum class Severity : std::uint8_t { kError, kWarning };
  Severity severity = Severity::kError;
  std::string code;  // "unreachable"
  std::string file;
  yaml::Mark mark;
  std::string message;
  std::string fix;
  bool operator==(const Finding& other) const {
    return code == other.code && file == other.file && mark.line == other.mark.line &&
           mark.column == other.mark.column && message == other.message;
  }
};

// In the order of their places; at most kFindingsMax. With vocabulary.all_tools names no tool has are found, too.
std::vector<Finding> lint(const PolicySet& set);

}  // namespace agentos::policy::tools
