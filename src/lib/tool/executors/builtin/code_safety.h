// What in a piece of code does great harm when it runs: destroying commands and statements, code made from text,
// secrets written into it. Advice for whoever is about to run it, not a wall: what runs is held by the sandbox and by
// policy.
//
// Code is read, not searched: comments are passed over, and text inside strings counts only where it is a statement of
// SQL or is handed to something that runs commands. Shell texts go through lib/canonical, secrets through lib/guard.
// Linear in the code; pure. Not seen: what code makes of its own text while it runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::tool {

inline constexpr std::size_t kCodeBytesMax = 900 << 10;
inline constexpr std::size_t kCodeFindingsMax = 200;  // the rest is not told

struct CodeFinding {
  std::string_view rule;      // "rm_rf"; of static storage, as the rest
  std::string_view severity;  // critical, high
  std::string_view message, alternative;
  std::int64_t line = 0;  // from 1
  bool operator==(const CodeFinding&) const = default;
};

// In the order of the code. `language`: python, javascript, typescript, shell (bash, sh), sql; kUnsupported otherwise.
// A text of a shell that cannot be read is a finding itself ("unread").
Result<std::vector<CodeFinding>> check_code(std::string_view code, std::string_view language);

std::size_t code_rules();  // how many there are

}  // namespace agentos::tool
