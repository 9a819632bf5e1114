// What differs from its pin: not passed on unless drift is only to be told, and decided by an operator.
#include <algorithm>
#include <utility>

#include "kernel/mcp_link.h"
#include "kernel/monitor.h"

namespace agentos::kernel {
namespace {

using mcp::ItemKind;

struct PinnedList {
  std::string_view method, key;
  ItemKind kind;
};
constexpr PinnedList kPinnedLists[] = {{"prompts/list", "prompts", ItemKind::kPrompt},
                                       {"resources/list", "resources", ItemKind::kResource},
                                       {"resources/templates/list", "resourceTemplates", ItemKind::kTemplate}};

bool has_item(const mcp::Pin& pin, ItemKind kind, std::string_view name) {
  const json::Array& items = items_of(pin, kind);
  return std::any_of(items.begin(), items.end(),
                     [&](const json::Value& item) { return item_name(kind, item) == name; });
}

bool is_accepted(const mcp::Pin& pinned, const std::vector<mcp::Difference>& differences, ItemKind kind,
                 std::string_view name) {
  return has_item(pinned, kind, name) && std::none_of(differences.begin(), differences.end(),
                                                      [&](const auto& one) { return concerns(one, kind, name); });
}

// The template a URI may be of: one whose text before its first variable the URI begins with. Empty: of none.
bool may_be_of(std::string_view uri, const json::Value& definition) {
  const std::string_view shape = item_name(ItemKind::kTemplate, definition);
  return shape.find('{') != std::string_view::npos && uri.starts_with(shape.substr(0, shape.find('{')));
}

bool is_resource_accepted(const mcp::Pin& pinned, const mcp::Pin& now, const std::vector<mcp::Difference>& differences,
                          std::string_view uri) {
  if (has_item(pinned, ItemKind::kResource, uri)) return is_accepted(pinned, differences, ItemKind::kResource, uri);
  if (has_item(now, ItemKind::kResource, uri)) return false;
  bool drifted = false;
  for (const mcp::Pin* pin : {&pinned, &now}) {
    for (const json::Value& one : pin->templates) {
      if (!may_be_of(uri, one)) continue;
      if (is_accepted(pinned, differences, ItemKind::kTemplate, item_name(ItemKind::kTemplate, one))) return true;
      drifted = true;
    }
  }
  return !drifted;  // of nothing that was listed: the server knows whether there is such a thing
}

Error drifted(std::string_view server, std::string_view what) {
  return Error{abi::error::not_found,
               "what the server \"" + std::string(server) + "\" offers as " + json::to_valid_utf8(what.substr(0, 256)) +
                   " is not what was accepted",
               "an operator can look at it and accept it: agentos mcp pin show"};
}

}  // namespace

bool McpLink::is_blocked_locked(const Server& server) const {
  if (drift_ == Drift::kWarn || !server.pinned) return false;
  return server.pinned->command_digest != server.command_digest ||
         std::any_of(server.differences.begin(), server.differences.end(), mcp::is_of_whole_server);
}

bool McpLink::is_blocked(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = servers_.find(name);
  return found != servers_.end() && is_blocked_locked(*found->second);
}

Status McpLink::passes_listening(const Server& server, const json::Value& params) {
  const json::Value* wanted = params.find("notifications");
  const json::Value* uris = wanted == nullptr ? nullptr : wanted->find("resourceSubscriptions");
  if (uris == nullptr || !uris->is_array()) return {};
  for (const json::Value& uri : uris->as_array()) {
    if (!uri.is_string() || is_resource_accepted(*server.pinned, *server.now, server.differences, uri.as_string())) {
      continue;
    }
    return std::unexpected(drifted(server.name, "the resource " + uri.as_string()));
  }
  return {};
}

Status McpLink::passes(const std::string& name, std::string_view method, const json::Value& params) const {
  const std::lock_guard lock(mutex_);
  const auto found = servers_.find(name);
  if (drift_ == Drift::kWarn || found == servers_.end() || !found->second->pinned) return {};
  const Server& server = *found->second;
  if (is_blocked_locked(server)) return std::unexpected(drifted(name, "itself"));
  if (!server.now) return {};  // it waits until that is known, and is asked about again
  std::string_view named = params.string_or("name", "");
  ItemKind kind = method == "tools/call" ? ItemKind::kTool : ItemKind::kPrompt;
  if (method == "completion/complete") {
    const json::Value* reference = params.find("ref");
    if (reference == nullptr || !reference->is_object()) return {};
    named = reference->string_or("name", "");
    if (reference->string_or("type", "") == "ref/resource") {
      named = reference->string_or("uri", "");
      kind = has_item(*server.pinned, ItemKind::kResource, named) ? ItemKind::kResource : ItemKind::kTemplate;
    }
  } else if (method == "resources/read" || method == "resources/subscribe") {
    const std::string_view uri = params.string_or("uri", "");
    if (is_resource_accepted(*server.pinned, *server.now, server.differences, uri)) return {};
    return std::unexpected(drifted(name, "the resource " + std::string(uri)));
  } else if (method == "subscriptions/listen") {
    return passes_listening(server, params);
  } else if (method != "prompts/get" && method != "tools/call") {
    return {};
  }
  if (is_accepted(*server.pinned, server.differences, kind, named)) return {};
  return std::unexpected(drifted(name, "\"" + std::string(named) + "\""));
}

void McpLink::keep_accepted(const std::string& name, std::string_view method, json::Value& result) const {
  const auto list = std::find_if(std::begin(kPinnedLists), std::end(kPinnedLists),
                                 [&](const PinnedList& one) { return one.method == method; });
  if (drift_ == Drift::kWarn || list == std::end(kPinnedLists) || !result.is_object()) return;
  json::Value* items = result.as_object().find(list->key);
  if (items == nullptr || !items->is_array()) return;
  std::optional<mcp::Pin> pinned;
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(name);
    if (found != servers_.end()) pinned = found->second->pinned;
  }
  if (pinned) *items = held_by(*pinned, list->kind, std::move(items->as_array()));
}

// ---- an operator is asked

// Once for each thing it offers; what was asked about before is asked about no more.
void McpLink::ask_about_drift(const std::string& name) {
  if (drift_ != Drift::kAsk) return;
  std::string over;
  std::string digest;
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(name);
    if (found == servers_.end()) return;
    Server& server = *found->second;
    if (server.now && !server.differences.empty()) digest = server.now->digest();
    if (digest == server.asked_digest) return;
    server.asked_digest = digest;
    over = std::exchange(server.approval, {});
  }
  if (!over.empty()) monitor_.withdraw_approval(over);
  if (digest.empty()) return;
  abi::PinDecideRequest wanted;
  wanted.server = name;
  wanted.approve = true;
  wanted.digest = digest;
  Approval approval;
  approval.agent = client_.lock();
  approval.call = abi::row_of(abi::Call::kPinDecide).name;
  approval.rule = "drift";
  approval.decided = [&monitor = monitor_, weak = weak_from_this(), name, digest](
                         bool granted, std::string_view reason, std::optional<std::uint32_t> uid) -> Status {
    if (const auto self = weak.lock()) {
      const std::lock_guard lock(self->mutex_);
      if (const auto found = self->servers_.find(name); found != self->servers_.end()) found->second->approval.clear();
    }
    if (granted) return accept_offer(monitor, name, digest, uid);
    json::Object detail;
    detail["server"] = name;
    detail["what"] = "refused";
    detail["digest"] = digest;
    detail["reason"] = json::to_valid_utf8(reason);
    if (uid) detail["by"] = static_cast<std::int64_t>(*uid);
    return monitor.record_event("pin", nullptr, detail);
  };
  const auto& row = abi::row_of(abi::Call::kPinDecide);
  std::string arguments;
  row.request.encode(&wanted, arguments);
  auto id = monitor_.ask_operator(std::move(approval), arguments);
  if (!id) return;  // too many wait: it stays blocked, and pin approve decides
  json::Object detail;
  detail["server"] = name;
  detail["what"] = "asked";
  detail["digest"] = digest;
  detail["approval"] = *id;
  const auto client = client_.lock();
  (void)monitor_.record_event("pin", client.get(), detail);
  bool kept = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = servers_.find(name);
    kept = found != servers_.end() && found->second->asked_digest == digest;
    if (kept) found->second->approval = *id;
  }
  if (!kept) monitor_.withdraw_approval(*id);  // the client went meanwhile, or something else is offered
}

void McpLink::withdraw_questions() {
  std::vector<std::string> waiting;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, server] : servers_) {
      if (!server->approval.empty()) waiting.push_back(std::exchange(server->approval, {}));
    }
  }
  for (const std::string& id : waiting) monitor_.withdraw_approval(id);
}

Status accept_offer(Monitor& monitor, const std::string& server, const std::string& digest,
                    std::optional<std::uint32_t> uid) {
  std::optional<mcp::Pin> now;
  bool connected = false;
  for (const auto& link : monitor.mcp.links()) {
    auto offered = link->offered(server);
    connected = connected || offered.has_value();
    if (!now && offered && (digest.empty() || digest == offered->digest())) now = std::move(offered);
  }
  if (!connected) {
    return fail(abi::error::not_found, "no server \"" + server + "\" is connected, so nothing is offered",
                "start it, or agentos mcp pin reset forgets its pin");
  }
  if (!now) {
    return fail(abi::error::not_permitted, "what the server offers has changed since it was looked at",
                "look at it again: agentos mcp pin show");
  }
  now->pinned_us = monitor.clock.wall_us();
  TRY(monitor.mcp.keep(*now));
  json::Object detail;
  detail["server"] = server;
  if (uid) detail["by"] = static_cast<std::int64_t>(*uid);
  detail["what"] = "approved";
  detail["digest"] = now->digest();
  TRY(monitor.record_event("pin", nullptr, detail));
  for (const auto& link : monitor.mcp.links()) link->decide_pins_anew();
  return {};
}

}  // namespace agentos::kernel
