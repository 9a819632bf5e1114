// What is odd about a definition a server gives: text a person would not see, text that speaks to the model instead of
// describing, payloads, and mentions of what is not the server's. Findings are facts; nothing is decided here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/value.h"

namespace agentos::mcp {

inline constexpr std::size_t kFindingsMax = 32;           // of one definition
inline constexpr std::size_t kScannedBytesMax = 1 << 20;  // of one definition

struct DefinitionFinding {
  std::string kind;      // "invisible-text" "bidirectional-text" "control-character" "markup-comment" "instruction"
                         // "encoded-payload" "sensitive-path" "other-server"
  std::string where;     // JSON Pointer into the definition
  std::string severity;  // "high" "medium" "low"
};

// `foreign`: names of tools and servers that are not this server's.
std::vector<DefinitionFinding> scan_definition(const json::Value& definition, std::span<const std::string> foreign);
json::Value to_json(const std::vector<DefinitionFinding>& findings);

}  // namespace agentos::mcp
