// What is said unasked between a client and its servers. A server's words pass rules about results first; a client's
// carry nothing of its own.
#include "kernel/mcp_link.h"
#include "kernel/monitor.h"

namespace agentos::kernel {

std::optional<json::Value> McpLink::as_rules_let(const std::string& server, std::string_view method,
                                                 json::Value params) const {
  const auto client = client_.lock();
  if (client == nullptr) return std::nullopt;
  return monitor_.govern_told(client, server, method, std::move(params));
}

std::function<void(const json::Value&)> McpLink::progress_of(const std::string& server, std::uint64_t token) {
  return [weak = weak_from_this(), server, token](const json::Value& params) {
    const auto self = weak.lock();
    const auto client = self == nullptr ? nullptr : self->peer();
    if (client == nullptr) return;
    if (const auto told = self->as_rules_let(server, "notifications/progress", params)) {
      client->progressed(token, *told);
    }
  };
}

// Nobody decides on a notification of the client, so it carries nothing of its own: that its roots changed, and how far
// it is with what a server asked, in numbers and to that server alone.
void McpLink::notify(const std::string& method, const json::Value& params) {
  std::vector<std::shared_ptr<tool::McpServer>> servers;
  json::Object told;
  {
    const std::lock_guard lock(mutex_);
    std::string only;
    if (method == "notifications/progress") {
      const json::Value* token = params.find("progressToken");
      const auto awaited = token == nullptr ? awaited_.end() : awaited_.find(json::write(*token));
      if (awaited == awaited_.end()) return;
      only = awaited->second;
      told["progressToken"] = *token;
      for (const char* name : {"progress", "total"}) {
        const json::Value* number = params.find(name);
        if (number != nullptr && number->is_number()) told[name] = *number;
      }
    } else if (method != "notifications/roots/list_changed") {
      return;
    }
    for (const auto& [own, server] : servers_) {
      if (only.empty() || own == only) servers.push_back(server->server);
    }
  }
  for (const auto& server : servers) server->notify(method, json::Value(told));
}

}  // namespace agentos::kernel
