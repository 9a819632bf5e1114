// agentos mcp pin ls|show|approve|reset. What is accepted is what was shown: the digest goes with it.
#include "apps/agentos/outline.h"
#include "apps/agentos/pin_diff.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

Result<abi::PinEntry> one_pin(client::Client& client, const std::string& server) {
  abi::PinsReply reply = TRY(client.call(abi::PinsRequest{.server = server}));
  if (reply.pins.empty()) return fail(ErrorCode::kNotFound, "no pin of \"" + server + "\" is kept");
  return std::move(reply.pins[0]);
}

}  // namespace

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
  json::Value value = to_json(abi::row_of(abi::Call::kPins).reply, one).find("pins")->as_array()[0];
  if (globals.format == Format::kJson) {
    print_json(value);
    return kExitOk;
  }
  value.as_object().erase("differences");
  print(outline(value) + pin_diff(one.pins[0].differences));
  return kExitOk;
}

Result<int> verb_pin_approve(const Globals& globals, const McpOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  const abi::PinEntry pin = TRY(one_pin(*reached.client, options.server));
  abi::PinDecideRequest request{.server = options.server, .approve = true, .digest = options.digest};
  if (request.digest.empty()) request.digest = pin.offered;
  TRY(reached.client->call(request));
  if (globals.format == Format::kJson) {
    json::Object out{{"server", request.server}, {"approved", true}};
    out["digest"] = request.digest;
    out["differences"] = pin.differences;
    print_json(json::Value(std::move(out)));
  } else {
    print(pin_diff(pin.differences) + printable(request.server) + " is pinned to what it offers now\n");
  }
  return kExitOk;
}

Result<int> verb_pin_reset(const Globals& globals, const McpOptions& options) {
  Reached reached = TRY(reach_kernel(globals, Start::kNever));
  TRY(reached.client->call(abi::PinDecideRequest{.server = options.server, .approve = false, .digest = {}}));
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"server", options.server}, {"approved", false}});
  } else {
    print(printable(options.server) + " has no pin any more\n");
  }
  return kExitOk;
}

}  // namespace agentos::cli
