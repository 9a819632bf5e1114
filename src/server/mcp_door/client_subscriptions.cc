// What a client is told unasked: subscriptions of both eras, and what servers say.
#include <algorithm>
#include <utility>

#include "server/mcp_door/client.h"

namespace agentos::mcp_door {

void Client::listen(mcp::Asked asked, Effects& effects) {
  const json::Value* wanted = asked.params.find("notifications");
  const std::lock_guard lock(mutex_);
  if (wanted == nullptr || !wanted->is_object() || subscriptions_.size() >= kSubscriptionsMax) {
    mcp::ServingSession::answer_error(
        asked,
        {mcp::kInvalidParams,
         wanted == nullptr ? "\"notifications\" says what is wanted" : "too many subscriptions",
         {}},
        outbox_);
    return flush_locked();
  }
  Subscription subscription;
  json::Object agreed;
  const auto take = [&](const char* key, bool& slot) {
    slot = wanted->bool_or(key, false);
    if (slot) agreed[key] = true;
  };
  take("toolsListChanged", subscription.tools);
  take("promptsListChanged", subscription.prompts);
  take("resourcesListChanged", subscription.resources);
  if (const json::Value* uris = wanted->find("resourceSubscriptions"); uris != nullptr && uris->is_array()) {
    for (const json::Value& uri : uris->as_array()) {
      if (!uri.is_string() || subscription.uris.size() >= kCallsMax) continue;
      subscription.uris.insert(uri.as_string());
      subscribe_locked(uri.as_string(), effects);
    }
    agreed["resourceSubscriptions"] = *uris;
  }
  json::Object meta;
  meta[mcp::kMetaSubscription] = mcp::to_json(asked.id);
  json::Object params;
  params["_meta"] = std::move(meta);
  params["notifications"] = std::move(agreed);
  mcp::write_notification(outbox_, "notifications/subscriptions/acknowledged", json::Value(std::move(params)));
  if (subscription.tools) listed_ = true;
  subscription.asked = std::move(asked);
  subscriptions_[json::write(mcp::to_json(subscription.asked.id))] = std::move(subscription);
  flush_locked();
}

// A resource to be told of, in the manner of the server's era.
void Client::subscribe_locked(const std::string& uri, Effects& effects) {
  for (const abi::McpServerView& server : *views_) {
    if (server.capabilities.find("resources") == nullptr) continue;
    json::Object params;
    json::Object request;
    request["server"] = server.name;
    const std::uint64_t token = next_token_++;
    if (server.modern) {
      if (listens_.contains(uri) || listens_.size() >= kCallsMax) continue;
      listens_.emplace(uri, token);
      json::Object wanted;
      wanted["resourceSubscriptions"] = json::Array{json::Value(uri)};
      params["notifications"] = std::move(wanted);
      request["method"] = "subscriptions/listen";
    } else {
      request["method"] = "resources/subscribe";
      request["name"] = uri;
      params["uri"] = uri;
    }
    request["params"] = std::move(params);
    effects.push_back([weak = weak_from_this(), uri, token, request = std::move(request)]() mutable {
      const auto self = weak.lock();
      const auto session = self == nullptr ? nullptr : self->session_of();
      if (session == nullptr) return;
      session->submit(token, "mcp_request", json::Value(std::move(request)), {},
                      [weak, uri, token](const abi::CallOutput&) {
                        const auto alive = weak.lock();
                        if (alive == nullptr) return;
                        const std::lock_guard lock(alive->mutex_);
                        const auto found = alive->listens_.find(uri);
                        if (found != alive->listens_.end() && found->second == token) alive->listens_.erase(found);
                      });
    });
  }
}

void Client::unsubscribe_locked(const std::string& uri, Effects& effects) {
  for (const auto& [key, subscription] : subscriptions_) {
    if (subscription.uris.contains(uri)) return;  // another still wants it
  }
  if (const auto found = listens_.find(uri); found != listens_.end()) {
    effects.push_back([self = shared_from_this(), token = found->second] {
      if (const auto session = self->session_of()) session->cancel(token);
    });
    listens_.erase(found);
  }
  for (const abi::McpServerView& server : *views_) {
    if (server.modern || server.capabilities.find("resources") == nullptr) continue;
    json::Object request;
    request["server"] = server.name;
    request["method"] = "resources/unsubscribe";
    request["name"] = uri;
    request["params"] = json::Object{{"uri", uri}};
    effects.push_back([self = shared_from_this(), token = next_token_++, request = std::move(request)]() mutable {
      const auto session = self->session_of();
      if (session == nullptr) return;
      session->submit(token, "mcp_request", json::Value(std::move(request)), {}, [](const abi::CallOutput&) {});
    });
  }
}

void Client::notified(const std::string&, const std::string& method, json::Value params) {
  const std::lock_guard lock(mutex_);
  if (ended_ || outbox_.size() - sent_ > kOutboxBytesMax / 2)
    return;  // what a slow client missed is lost, as told in docs
  if (method == "notifications/subscriptions/acknowledged") return;  // of our own subscription
  if (json::Value* meta = params.is_object() ? params.as_object().find("_meta") : nullptr;
      meta != nullptr && meta->is_object()) {
    meta->as_object().erase(mcp::kMetaSubscription);
    if (meta->as_object().empty()) params.as_object().erase("_meta");
  }
  if (serving_.is_legacy()) {
    mcp::write_notification(outbox_, method, params);
    return flush_locked();
  }
  const auto tell = [&](const mcp::Id& id) {
    json::Value copy = params;
    if (!copy.is_object()) copy = json::Object{};
    json::Value& meta = copy.as_object()["_meta"];
    if (!meta.is_object()) meta = json::Object{};
    meta.as_object()[mcp::kMetaSubscription] = mcp::to_json(id);
    mcp::write_notification(outbox_, method, copy);
  };
  if (method == "notifications/message") {
    // Belongs to a request under way; told when one wants logging at all.
    for (const auto& [token, call] : calls_) {
      if (!call.asked || call.asked->log_level.empty()) continue;
      mcp::write_notification(outbox_, method, params);
      break;
    }
  } else {
    for (const auto& [key, subscription] : subscriptions_) {
      const bool wanted =
          (method == "notifications/resources/list_changed" && subscription.resources) ||
          (method == "notifications/prompts/list_changed" && subscription.prompts) ||
          (method == "notifications/tools/list_changed" && subscription.tools) ||
          (method == "notifications/resources/updated" && subscription.uris.contains(params.string_or("uri", "")));
      if (wanted) tell(subscription.asked.id);
    }
  }
  flush_locked();
}

void Client::servers_changed() {
  auto fresh = std::make_shared<const std::vector<abi::McpServerView>>(backend_->servers());
  bool tell = false;
  const bool resources = std::any_of(fresh->begin(), fresh->end(), [](const abi::McpServerView& server) {
    return server.capabilities.find("resources") != nullptr;
  });
  {
    const std::lock_guard lock(mutex_);
    views_ = std::move(fresh);
    tell = listed_;
  }
  run_waiting();
  if (!tell) return;
  for (const char* method : {"notifications/tools/list_changed", "notifications/prompts/list_changed"}) {
    notified({}, method, json::Object{});
  }
  if (resources) notified({}, "notifications/resources/list_changed", json::Object{});
}

}  // namespace agentos::mcp_door
