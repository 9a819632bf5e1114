// pins: what is accepted of MCP servers, and how those that are in use differ from it.
#include "kernel/mcp_link.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted pins_call(CallContext& context, const abi::PinsRequest& request, abi::PinsReply& reply) {
  Monitor& monitor = context.monitor;
  const auto links = monitor.mcp.links();
  for (const mcp::Pin& pin : TRY(monitor.mcp.pins())) {
    if (!request.server.empty() && request.server != pin.server) continue;
    abi::PinEntry entry;
    entry.server = pin.server;
    entry.digest = pin.digest();
    entry.pinned_us = pin.pinned_us;
    entry.items = static_cast<std::int64_t>(pin.items());
    json::Array differences;
    for (const auto& link : links) {
      const auto now = link->offered(pin.server);
      if (!now || !differences.empty()) continue;
      entry.offered = now->digest();
      for (const mcp::Difference& difference : mcp::compare(pin, *now)) differences.push_back(mcp::to_json(difference));
    }
    entry.drift = differences.empty() ? "none" : std::to_string(differences.size());
    entry.differences = std::move(differences);
    reply.pins.push_back(std::move(entry));
  }
  if (!request.server.empty() && reply.pins.empty()) {
    return fail(abi::error::not_found, "no pin of \"" + request.server + "\" is kept", "agentos mcp pin ls lists them");
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
