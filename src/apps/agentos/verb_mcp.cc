// agentos mcp list|inspect and agentos mcp pin ls|show|approve|reset.
#include "apps/agentos/outline.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

Result<abi::PinEntry> one_pin(client::Client& client, const std::string& server) {
  abi::PinsReply reply = TRY(client.call(abi::PinsRequest{.server = server}));
  return std::move(reply.pins.at(0));
}

Result<int> decide(const Globals& globals, const abi::PinDecideRequest& request) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  TRY(reached.client->call(request));
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"server", request.server}, {"approved", request.approve}});
  } else {
    print(printable(request.server) +
          (request.approve ? " is pinned to what it offers now\n" : " has no pin any more\n"));
  }
  return kExitOk;
}

}  // namespace

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

Result<int> verb_pin_ls(const Globals& globals, const McpOptions&) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::PinsReply reply = TRY(reached.client->call(abi::PinsRequest{}));
  if (globals.format == Format::kJson) {
    print_json(*to_json(abi::row_of(abi::Call::kPins).reply, reply).find("pins"));
    return kExitOk;
  }
  Table table({{"SERVER"}, {"ITEMS", Align::kRight}, {"DRIFT"}, {"DIGEST", Align::kLeft, Fit::kFlexible}});
  for (const abi::PinEntry& pin : reply.pins) table.add({pin.server, std::to_string(pin.items), pin.drift, pin.digest});
  print_table(table);
  return kExitOk;
}

Result<int> verb_pin_show(const Globals& globals, const McpOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  abi::PinsReply one;
  one.pins.push_back(TRY(one_pin(*reached.client, options.server)));
  const json::Value value = to_json(abi::row_of(abi::Call::kPins).reply, one).find("pins")->as_array()[0];
  if (globals.format == Format::kJson) {
    print_json(value);
    return kExitOk;
  }
  print(outline(value));
  return kExitOk;
}

Result<int> verb_pin_approve(const Globals& globals, const McpOptions& options) {
  return decide(globals, {.server = options.server, .approve = true, .digest = options.digest});
}

Result<int> verb_pin_reset(const Globals& globals, const McpOptions& options) {
  return decide(globals, {.server = options.server, .approve = false, .digest = {}});
}

}  // namespace agentos::cli
