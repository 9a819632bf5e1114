// mcp_servers: the servers of every client.
#include <algorithm>

#include "kernel/mcp_link.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted mcp_servers_call(CallContext& context, const abi::McpServersRequest&, abi::McpServersReply& reply) {
  for (const auto& link : context.monitor.mcp.links()) {
    for (abi::McpServerEntry& entry : link->entries()) reply.servers.push_back(std::move(entry));
  }
  std::sort(reply.servers.begin(), reply.servers.end(),
            [](const auto& a, const auto& b) { return std::tie(a.agent, a.server) < std::tie(b.agent, b.server); });
  return done();
}

}  // namespace agentos::kernel::syscalls
