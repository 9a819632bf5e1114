// agentos mcp list|inspect.
#include "apps/agentos/outline.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {
Result<int> verb_mcp_list(const Globals& globals, const McpOptions&) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::McpServersReply reply = TRY(reached.client->call(abi::McpServersRequest{}));
  if (globals.format == Format::kJson) {
    print_json(*to_json(abi::row_of(abi::Call::kMcpServers).reply, reply).find("servers"));
    return kExitOk;
  }
  Table table({{"SERVER"},
               {"CLIENT"},
               {"STATE"},
               {"REVISION"},
               {"TOOLS", Align::kRight},
               {"DRIFT"},
               {"TROUBLE", Align::kLeft, Fit::kFlexible}});
  for (const abi::McpServerEntry& entry : reply.servers) {
    const json::Value* tools = entry.offers.find("tools");
    table.add({entry.server, entry.agent, entry.state, entry.revision,
               tools == nullptr ? "" : std::to_string(tools->as_array().size()), entry.drift, entry.trouble});
  }
  print_table(table);
  return kExitOk;
}

Result<int> verb_mcp_inspect(const Globals& globals, const McpOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  const abi::McpServersReply reply = TRY(reached.client->call(abi::McpServersRequest{}));
  for (const abi::McpServerEntry& entry : reply.servers) {
    if (entry.server != options.server) continue;
    abi::McpServersReply one;
    one.servers.push_back(entry);
    const json::Value value = to_json(abi::row_of(abi::Call::kMcpServers).reply, one).find("servers")->as_array()[0];
    if (globals.format == Format::kJson) {
      print_json(value);
    } else {
      print(outline(value));
    }
    return kExitOk;
  }
  return fail(ErrorCode::kNotFound, "no MCP server \"" + options.server + "\" is in use", "agentos mcp list");
}

}  // namespace agentos::cli
