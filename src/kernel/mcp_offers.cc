// What an MCP client's servers offer: compared with their pins, scanned, made into the tools it may run, and shown.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "kernel/mcp_link.h"
#include "kernel/monitor.h"
#include "lib/mcp/definition_scan.h"
#include "lib/tool/executors/mcp/mcp_executor.h"

namespace agentos::kernel {
namespace {

std::string_view name_of(tool::McpServer::State state) {
  static constexpr std::string_view kNames[] = {"stopped", "starting", "ready", "pausing", "refused"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace

void McpLink::catalog_of(const std::string& name, const tool::McpCatalog& catalog) {
  mcp::Pin now;
  now.server = name;
  now.revision = mcp::name_of(catalog.revision);
  now.pinned_us = monitor_.clock.wall_us();
  now.info = catalog.server.info;
  now.capabilities = catalog.server.capabilities;
  now.instructions = catalog.server.instructions;
  now.tools = catalog.tools;
  now.prompts = catalog.prompts;
  now.resources = catalog.resources;
  now.templates = catalog.templates;
  bool first = false;
  json::Object detail;
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(name);
    if (found == servers_.end()) return;
    Server& server = *found->second;
    now.command_digest = server.command_digest;
    first = !server.pinned.has_value();
    if (first) server.pinned = now;
    server.now = now;
    server.differences.clear();
    if (server.pinned) server.differences = mcp::compare(*server.pinned, now);
    detail["server"] = name;
    detail["what"] = first ? "pinned" : server.differences.empty() ? "same" : "differs";
    detail["digest"] = now.digest();
    if (server.pinned) detail["pinned"] = server.pinned->digest();
    json::Array items;
    for (const mcp::Difference& difference : server.differences) {
      if (items.size() == 64) break;
      items.emplace_back(std::string(mcp::name_of(difference.what)) + " " +
                         json::to_valid_utf8(difference.item.substr(0, 128)));
    }
    detail["differences"] = std::move(items);
    detail["revision"] = now.revision;
    detail["tools"] = static_cast<std::int64_t>(now.tools.size());
  }
  const auto client = client_.lock();
  (void)monitor_.record_event("pin", client.get(), detail);
  if (first) {
    if (Status kept = monitor_.mcp.keep(now); !kept) {
      const std::lock_guard lock(mutex_);
      if (const auto found = servers_.find(name); found != servers_.end()) {
        found->second->refusal = "its pin cannot be kept: " + kept.error().message;
      }
    }
  }
  offer();
  ask_about_drift(name);
  if (const auto told = peer()) told->servers_changed();
}

std::string McpLink::offered_name(const Server& server, std::string_view tool) const {
  return names_ == Names::kPlain ? std::string(tool) : server.name + "__" + std::string(tool);
}

void McpLink::offer() {
  auto registry = std::make_shared<tool::Registry>();
  std::vector<std::shared_ptr<Server>> servers, known;
  std::vector<std::string> all_names;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) {
      servers.push_back(server);
      all_names.push_back(name);
    }
  }
  for (const auto& server : servers) {
    std::optional<mcp::Pin> now;
    std::vector<mcp::Difference> differences;
    bool refused = false;
    {
      const std::lock_guard lock(mutex_);
      now = server->now;
      // Before it is there: what it offered last, as long as it is the same command.
      if (!now && server->pinned && server->pinned->command_digest == server->command_digest) now = server->pinned;
      if (server->now || server->pinned) known.push_back(server);
      differences = server->differences;
      refused = !server->refusal.empty();
    }
    const bool strict = drift_ != Drift::kWarn;
    const bool other = std::any_of(differences.begin(), differences.end(), mcp::is_of_whole_server);
    if (!now || refused || (strict && other)) continue;
    std::vector<std::string> foreign;
    for (const auto& one : servers) {
      if (one == server) continue;
      foreign.push_back(one->name);
      const std::lock_guard lock(mutex_);
      if (!one->now) continue;
      for (const json::Value& tool : one->now->tools) foreign.emplace_back(mcp::item_name(mcp::ItemKind::kTool, tool));
    }
    for (const json::Value& definition : now->tools) {
      const std::string_view name = mcp::item_name(mcp::ItemKind::kTool, definition);
      const auto drifted = std::find_if(differences.begin(), differences.end(), [&](const mcp::Difference& difference) {
        return concerns(difference, mcp::ItemKind::kTool, name) && difference.what != mcp::Difference::What::kRemoved;
      });
      if (strict && drifted != differences.end()) continue;
      auto manifest = tool::mcp_manifest(server->name, definition, offered_name(*server, name));
      if (!manifest) continue;
      manifest->findings = mcp::to_json(mcp::scan_definition(definition, foreign));
      if (drifted != differences.end()) manifest->drift = mcp::name_of(drifted->what);
      std::shared_ptr<const schema::Schema> output;
      if (const json::Value* given = definition.find("outputSchema"); given != nullptr) {
        auto compiled = schema::Schema::compile(*given);
        if (!compiled) continue;  // what cannot be checked is not offered
        output = std::make_shared<const schema::Schema>(std::move(*compiled));
      }
      manifest->definition.as_object()["name"] = manifest->name;
      (void)registry->add(std::move(*manifest), tool::make_mcp_executor(server->server, std::string(name), output));
    }
  }
  const std::lock_guard lock(mutex_);
  tools_ = std::move(registry);
  for (const auto& server : known) server->offered = true;
}

std::vector<abi::McpServerEntry> McpLink::entries() const {
  std::vector<abi::McpServerEntry> out;
  const auto client = client_.lock();
  const auto offered_tools = tools()->all();
  const auto conditions = this->conditions();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, server] : servers_) {
    const auto condition = conditions.find(name);
    if (condition == conditions.end()) continue;  // added since
    abi::McpServerEntry entry;
    entry.agent = client == nullptr ? "" : client->id;
    entry.server = name;
    entry.process = server->process == nullptr ? "" : server->process->id;
    entry.state = name_of(condition->second.state);
    entry.trouble = server->refusal.empty() ? condition->second.trouble : server->refusal;
    entry.drift = server->differences.empty() ? "none" : fmt::format("{} differences", server->differences.size());
    json::Object offers;
    if (server->now) {
      entry.revision = server->now->revision;
      offers["info"] = server->now->info;
      offers["capabilities"] = server->now->capabilities;
      json::Array tools;
      for (const json::Value& definition : server->now->tools) {
        json::Object one;
        const std::string shown = offered_name(*server, mcp::item_name(mcp::ItemKind::kTool, definition));
        one["name"] = shown;
        const auto found = std::find_if(offered_tools->begin(), offered_tools->end(),
                                        [&](const auto& tool) { return tool->manifest.name == shown; });
        one["offered"] = found != offered_tools->end();
        if (found != offered_tools->end()) one["findings"] = (*found)->manifest.findings;
        tools.emplace_back(std::move(one));
      }
      offers["tools"] = std::move(tools);
      offers["prompts"] = static_cast<std::int64_t>(server->now->prompts.size());
      offers["resources"] = static_cast<std::int64_t>(server->now->resources.size());
      offers["templates"] = static_cast<std::int64_t>(server->now->templates.size());
    }
    entry.offers = std::move(offers);
    out.push_back(std::move(entry));
  }
  return out;
}

std::optional<mcp::Pin> McpLink::offered(const std::string& pin_name) const {
  const std::lock_guard lock(mutex_);
  const auto found = servers_.find(pin_name);
  return found == servers_.end() ? std::nullopt : found->second->now;
}

void McpLink::decide_pins_anew() {
  std::vector<std::pair<std::string, std::optional<mcp::Pin>>> pins;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) pins.emplace_back(name, std::nullopt);
  }
  for (auto& [name, pin] : pins) {
    if (auto read = monitor_.mcp.pin(name)) pin = std::move(*read);
  }
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, pin] : pins) {
      const auto found = servers_.find(name);
      if (found == servers_.end()) continue;
      Server& server = *found->second;
      if (!pin) continue;  // forgotten: the next connection pins anew
      server.pinned = std::move(pin);
      if (server.now) server.differences = mcp::compare(*server.pinned, *server.now);
    }
  }
  offer();
  for (const auto& [name, pin] : pins) ask_about_drift(name);
  if (const auto told = peer()) told->servers_changed();
}

}  // namespace agentos::kernel
