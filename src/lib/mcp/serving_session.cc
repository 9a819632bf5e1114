// See serving_session.h.
#include "lib/mcp/serving_session.h"

#include <utility>

namespace agentos::mcp {
namespace {

json::Array supported() {
  json::Array names;
  for (const Revision revision : revisions_newest_first()) names.emplace_back(name_of(revision));
  return names;
}

json::Value object_or_empty(const json::Value* value) {
  return value != nullptr && value->is_object() ? *value : json::Value(json::Object{});
}

}  // namespace

Batches ServingSession::batches() const {
  return legacy_ && has_batches(*legacy_) ? Batches::kAllowed : Batches::kRefused;
}

ServingSession::Taken ServingSession::take(Message message, std::string& out) {
  if (message.kind == Message::Kind::kRequest) return take_request(std::move(message), out);
  Taken taken;
  if (message.kind == Message::Kind::kResponse) {
    const auto* ticket = std::get_if<std::int64_t>(&message.id);
    if (ticket == nullptr || *ticket < 1 || waiting_.erase(static_cast<std::uint64_t>(*ticket)) == 0) return taken;
    taken.what = Taken::What::kAnswer;
    taken.ticket = static_cast<std::uint64_t>(*ticket);
    taken.result = std::move(message.result);
    taken.error = std::move(message.error);
    return taken;
  }
  if (message.method == "notifications/cancelled") {
    const json::Value* id = message.params.find("requestId");
    if (auto read = id == nullptr ? std::nullopt : id_of(*id)) {
      taken.what = Taken::What::kCancelled;
      taken.cancelled = std::move(*read);
    }
    return taken;
  }
  if (message.method == "notifications/initialized") return taken;
  taken.what = Taken::What::kNotification;
  taken.asked.method = std::move(message.method);
  taken.asked.params = std::move(message.params);
  return taken;
}

ServingSession::Taken ServingSession::take_request(Message message, std::string& out) {
  const json::Value* meta = meta_of(message.params);
  if (meta != nullptr && meta->find(kMetaVersion) != nullptr) return take_modern(std::move(message), out);
  if (message.method == "initialize") return take_initialize(std::move(message), out);
  if (message.method == "ping") {
    write_result(out, message.id, json::Object{});
    return {};
  }
  if (!legacy_) {
    json::Object about{{"supported", supported()}};
    write_error(out, message.id,
                {kInvalidParams,
                 "say who calls: params._meta must have " + std::string(kMetaVersion) + " and " +
                     std::string(kMetaClientCapabilities) + ", or initialize comes first",
                 std::move(about)});
    return {};
  }
  Taken taken;
  taken.what = Taken::What::kRequest;
  taken.asked.id = std::move(message.id);
  taken.asked.method = std::move(message.method);
  taken.asked.revision = *legacy_;
  taken.asked.client = client_;
  if (meta != nullptr) {
    if (const json::Value* token = meta->find("progressToken")) taken.asked.progress_token = *token;
  }
  if (taken.asked.method == "logging/setLevel") legacy_log_level_ = message.params.string_or("level", "");
  taken.asked.log_level = legacy_log_level_;
  taken.asked.params = std::move(message.params);
  strip_request(taken.asked.params);
  return taken;
}

ServingSession::Taken ServingSession::take_modern(Message message, std::string& out) {
  const json::Value& meta = *meta_of(message.params);
  const std::string version(meta.string_or(kMetaVersion, ""));
  const auto revision = revision_of(version);
  if (!revision || !is_modern(*revision)) {
    json::Object about;
    about["supported"] = supported();
    about["requested"] = version;
    write_error(out, message.id, {kUnsupportedProtocolVersion, "Unsupported protocol version", std::move(about)});
    return {};
  }
  const json::Value* capabilities = meta.find(kMetaClientCapabilities);
  if (capabilities == nullptr || !capabilities->is_object()) {
    write_error(out, message.id,
                {kInvalidParams, "params._meta must have " + std::string(kMetaClientCapabilities), {}});
    return {};
  }
  // Of the legacy era alone.
  for (const std::string_view gone :
       {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"}) {
    if (message.method != gone) continue;
    write_error(out, message.id, {kMethodNotFound, "revision 2026-07-28 has no " + message.method, {}});
    return {};
  }
  Taken taken;
  taken.what = message.method == "server/discover" ? Taken::What::kDiscover : Taken::What::kRequest;
  taken.asked.id = std::move(message.id);
  taken.asked.method = std::move(message.method);
  taken.asked.revision = *revision;
  taken.asked.client.capabilities = *capabilities;
  taken.asked.client.info = object_or_empty(meta.find(kMetaClientInfo));
  taken.asked.log_level = meta.string_or(kMetaLogLevel, "");
  if (const json::Value* token = meta.find("progressToken")) taken.asked.progress_token = *token;
  taken.asked.params = std::move(message.params);
  strip_request(taken.asked.params);
  return taken;
}

ServingSession::Taken ServingSession::take_initialize(Message message, std::string& out) {
  if (legacy_) {
    write_error(out, message.id, {kInvalidRequest, "the connection is initialized already", {}});
    return {};
  }
  const auto asked = revision_of(message.params.string_or("protocolVersion", ""));
  legacy_ = asked && !is_modern(*asked) ? *asked : kNewestLegacy;
  client_.info = object_or_empty(message.params.find("clientInfo"));
  client_.capabilities = object_or_empty(message.params.find("capabilities"));
  Taken taken;
  taken.what = Taken::What::kInitialize;
  taken.asked.id = std::move(message.id);
  taken.asked.method = "initialize";
  taken.asked.revision = *legacy_;
  taken.asked.client = client_;
  return taken;
}

void ServingSession::initialized(const Asked& asked, const ServerIdentity& server, std::string& out) {
  json::Object result;
  result["protocolVersion"] = name_of(asked.revision);
  result["capabilities"] = server.capabilities;
  result["serverInfo"] = server.info;
  if (!server.instructions.empty()) result["instructions"] = server.instructions;
  write_result(out, asked.id, json::Value(std::move(result)));
}

void ServingSession::discovered(const Asked& asked, const ServerIdentity& server, std::string& out) {
  json::Object result;
  json::Array versions;
  for (const Revision revision : revisions_newest_first()) versions.emplace_back(name_of(revision));
  result["supportedVersions"] = std::move(versions);
  result["capabilities"] = server.capabilities;
  if (!server.instructions.empty()) result["instructions"] = server.instructions;
  answer(asked, json::Value(std::move(result)), server.info, out);
}

void ServingSession::answer(const Asked& asked, json::Value result, const json::Value& server_info, std::string& out) {
  dress_result(result, asked.revision, asked.method, server_info);
  write_result(out, asked.id, result);
}

void ServingSession::answer_error(const Asked& asked, const RpcError& error, std::string& out) {
  write_error(out, asked.id, error);
}

std::uint64_t ServingSession::request(std::string_view method, const json::Value& params, std::string& out) {
  if (!legacy_ || waiting_.size() >= kServerRequestsMax) return 0;
  const std::uint64_t ticket = next_ticket_++;
  waiting_.emplace(ticket, true);
  write_request(out, static_cast<std::int64_t>(ticket), method, params);
  return ticket;
}

void ServingSession::cancel_request(std::uint64_t ticket, std::string_view reason, std::string& out) {
  if (waiting_.erase(ticket) == 0) return;
  json::Object params;
  params["requestId"] = static_cast<std::int64_t>(ticket);
  params["reason"] = reason;
  write_notification(out, "notifications/cancelled", json::Value(std::move(params)));
}

bool client_can(const json::Value& capabilities, std::string_view method, const json::Value& params) {
  if (method == "roots/list") return capabilities.find("roots") != nullptr;
  if (method == "sampling/createMessage") {
    const json::Value* sampling = capabilities.find("sampling");
    if (sampling == nullptr) return false;
    return params.find("tools") == nullptr || sampling->find("tools") != nullptr;
  }
  if (method == "elicitation/create") {
    const json::Value* elicitation = capabilities.find("elicitation");
    if (elicitation == nullptr || !elicitation->is_object()) return false;
    if (params.string_or("mode", "form") == "url") return elicitation->find("url") != nullptr;
    return elicitation->as_object().empty() || elicitation->find("form") != nullptr;
  }
  return false;
}

}  // namespace agentos::mcp
