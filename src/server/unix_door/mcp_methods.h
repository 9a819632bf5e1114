// The MCP methods the wire answers beside the kernel's calls: ping, initialize, tools/list, tools/call.
//
// They are another spelling of calls of the table and have no power of their own: tools/call of a registered tool is
// exec, tools/call of "syscall.<row>" is that row, tools/list is tools. Source: modelcontextprotocol.io 2025-06-18.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "abi/kernel_api.h"
#include "abi/rpc.h"
#include "base/error.h"
#include "base/json/value.h"

namespace agentos::unix_door {

inline constexpr std::string_view kSyscallToolPrefix = "syscall.";

enum class McpMethod : std::uint8_t { kNone, kPing, kInitialize, kToolsList, kToolsCall };
McpMethod mcp_method(std::string_view name);

// How the reply of the underlying call is written.
enum class McpShape : std::uint8_t { kNone, kAgentToolList, kOperatorToolList, kToolResult, kExecResult };

struct McpCall {
  std::string method;  // row name
  json::Value params;
  McpShape shape = McpShape::kNone;
};
Result<McpCall> mcp_tool_call(json::Value params);

std::string mcp_initialize_result(const json::Value& params);
void mcp_write_reply(std::string& out, const abi::rpc::Id& id, McpShape shape, const abi::CallOutput& output);

// JSON Schema 2020-12 of a request struct.
json::Value mcp_schema(const abi::StructInfo& structure);

}  // namespace agentos::unix_door
