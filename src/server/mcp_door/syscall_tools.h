// The calls of the table as MCP tools: "syscall.<row>" with the JSON Schema of its request. They have no power of their
// own: calling one is that row, made by whoever calls.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "abi/kernel_api.h"
#include "base/json/value.h"

namespace agentos::mcp_door {

inline constexpr std::string_view kSyscallToolPrefix = "syscall.";

// A row an agent may make, or null.
const abi::Row* agent_row(std::string_view name);

// Rows an agent may make as MCP tools, by number; only those of `rights` (names), or all when it is null.
json::Array syscall_tools(const std::vector<std::string>* rights);

// JSON Schema 2020-12 of a struct of the table.
json::Value schema_of(const abi::StructInfo& structure);

}  // namespace agentos::mcp_door
