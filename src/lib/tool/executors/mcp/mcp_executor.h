// The Executor of the tools of one MCP server: a call of the tool becomes tools/call of the server.
#pragma once

#include <memory>
#include <string>

#include "lib/tool/executors/mcp/mcp_server.h"
#include "lib/tool/registry.h"

namespace agentos::tool {

// The longest a call may wait for the server; a caller gives up earlier by cancelling.
inline constexpr std::int64_t kMcpCallTimeoutMs = 600'000;

// `tool` is the server's own name of it. The server is kept as long as the executor is.
std::shared_ptr<Executor> make_mcp_executor(std::shared_ptr<McpServer> server, std::string tool,
                                            std::shared_ptr<const schema::Schema> output);

// The tool's manifest as the registry and policy know it. kInvalidArgument for a definition that cannot be governed:
// no usable name, or a schema that does not compile.
Result<Manifest> mcp_manifest(const std::string& server, const json::Value& definition, std::string name);

}  // namespace agentos::tool
