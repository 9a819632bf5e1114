// The tools of the original kernel's MCP server that are calls of ours under another name: kernel_execute.
#pragma once

#include <string>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::mcp_door {

inline constexpr std::string_view kToolExecute = "kernel_execute";

json::Array kernel_tools();

// The call that kernel_execute means: a row and its request. Fails when a field claims to be somebody else (`agent` is
// who calls), or is of the wrong type.
struct KernelAction {
  std::string row;
  json::Value request;
  std::vector<std::string> policies;  // names that must be in force for the caller
};
Result<KernelAction> kernel_action(const json::Value& arguments, const std::string& agent);

}  // namespace agentos::mcp_door
