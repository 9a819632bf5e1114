// See calling_session.h.
#include "lib/mcp/calling_session.h"

#include <utility>

namespace agentos::mcp {
namespace {

Id id_of_ticket(std::uint64_t ticket) { return static_cast<std::int64_t>(ticket); }

std::uint64_t ticket_of(const Id& id) {
  const auto* number = std::get_if<std::int64_t>(&id);
  return number == nullptr || *number < 1 ? 0 : static_cast<std::uint64_t>(*number);
}

void take_identity(const json::Value& result, ServerIdentity& server) {
  if (const json::Value* info = result.find("serverInfo"); info != nullptr && info->is_object()) server.info = *info;
  const json::Value* meta = meta_of(result);
  if (const json::Value* info = meta == nullptr ? nullptr : meta->find(kMetaServerInfo); info != nullptr) {
    if (info->is_object()) server.info = *info;
  }
  const json::Value* capabilities = result.find("capabilities");
  if (capabilities != nullptr && capabilities->is_object()) server.capabilities = *capabilities;
  server.instructions = result.string_or("instructions", "");
}

bool lists_modern(const json::Value* versions) {
  if (versions == nullptr || !versions->is_array()) return false;
  for (const json::Value& version : versions->as_array()) {
    if (version.is_string() && version.as_string() == name_of(kNewestModern)) return true;
  }
  return false;
}

}  // namespace

void CallingSession::start(Era known, std::string& out) {
  if (known == Era::kLegacy) return initialize(out);
  state_ = State::kProbing;
  revision_ = kNewestModern;
  handshake_ = next_ticket_++;
  json::Value params = json::Object{};
  dress_request(params, client_, {});
  write_request(out, id_of_ticket(handshake_), "server/discover", params);
}

void CallingSession::probe_timed_out(std::string& out) {
  if (state_ == State::kProbing) initialize(out);
}

void CallingSession::initialize(std::string& out) {
  state_ = State::kInitializing;
  revision_ = kNewestLegacy;
  handshake_ = next_ticket_++;
  json::Object params;
  params["protocolVersion"] = name_of(kNewestLegacy);
  params["capabilities"] = client_.capabilities;
  json::Value info = client_.info;
  if (!info.is_object() || info.find("name") == nullptr) info = json::Object{{"name", "agentos"}, {"version", "0"}};
  params["clientInfo"] = std::move(info);
  write_request(out, id_of_ticket(handshake_), "initialize", json::Value(std::move(params)));
}

CallingSession::Taken CallingSession::take(Message message, std::string& out) {
  Taken taken;
  if (message.kind == Message::Kind::kResponse) {
    const std::uint64_t ticket = ticket_of(message.id);
    if (state_ == State::kProbing && ticket == handshake_) return take_discovered(std::move(message), out);
    if (state_ == State::kInitializing && ticket == handshake_) return take_initialized(std::move(message), out);
    if (ticket == 0) return taken;
    taken.what = Taken::What::kAnswer;
    taken.ticket = ticket;
    taken.result = std::move(message.result);
    taken.error = std::move(message.error);
    return taken;
  }
  if (message.kind == Message::Kind::kRequest) {
    if (message.method == "ping") {
      write_result(out, message.id, json::Object{});
      return taken;
    }
    if (state_ == State::kReady && is_modern(revision_)) {
      write_error(out, message.id, {kInvalidRequest, "revision 2026-07-28 has no requests of servers", {}});
      return taken;
    }
    taken.what = Taken::What::kRequest;
    taken.id = std::move(message.id);
  } else if (message.method == "notifications/cancelled") {
    const json::Value* id = message.params.find("requestId");
    auto read = id == nullptr ? std::nullopt : id_of(*id);
    if (!read) return taken;
    taken.what = Taken::What::kCancelled;
    taken.id = std::move(*read);
    return taken;
  } else {
    taken.what = Taken::What::kNotification;
  }
  taken.method = std::move(message.method);
  taken.params = std::move(message.params);
  return taken;
}

CallingSession::Taken CallingSession::take_discovered(Message message, std::string& out) {
  Taken taken;
  if (message.error) {
    // A modern server that knows another modern revision only says so; everything else is a legacy server.
    const json::Value* listed = message.error->data.find("supported");
    const bool modern = message.error->code == kUnsupportedProtocolVersion && listed != nullptr;
    if (modern && !lists_modern(listed)) {
      bool legacy = false;
      if (listed->is_array()) {
        for (const json::Value& version : listed->as_array()) {
          const auto revision = version.is_string() ? revision_of(version.as_string()) : std::nullopt;
          legacy = legacy || (revision && !is_modern(*revision));
        }
      }
      if (!legacy) {
        state_ = State::kRefused;
        taken.what = Taken::What::kRefused;
        taken.error = std::move(message.error);
        return taken;
      }
    }
    initialize(out);
    return taken;
  }
  if (!lists_modern(message.result.find("supportedVersions"))) {
    initialize(out);
    return taken;
  }
  take_identity(message.result, server_);
  state_ = State::kReady;
  revision_ = kNewestModern;
  taken.what = Taken::What::kReady;
  return taken;
}

CallingSession::Taken CallingSession::take_initialized(Message message, std::string& out) {
  Taken taken;
  const auto revision = message.error ? std::nullopt : revision_of(message.result.string_or("protocolVersion", ""));
  if (!revision || is_modern(*revision)) {
    state_ = State::kRefused;
    taken.what = Taken::What::kRefused;
    taken.error =
        message.error
            ? std::move(message.error)
            : RpcError{kInternalError, "the server answered initialize with a revision that is not spoken here", {}};
    return taken;
  }
  take_identity(message.result, server_);
  revision_ = *revision;
  state_ = State::kReady;
  write_notification(out, "notifications/initialized", json::Object{});
  taken.what = Taken::What::kReady;
  return taken;
}

std::uint64_t CallingSession::request(std::string_view method, json::Value params, Progress progress,
                                      std::string_view log_level, std::string& out) {
  return request_as(client_, method, std::move(params), progress, log_level, out);
}

std::uint64_t CallingSession::request_as(const ClientIdentity& client, std::string_view method, json::Value params,
                                         Progress progress, std::string_view log_level, std::string& out) {
  const std::uint64_t ticket = next_ticket_++;
  if (!params.is_object()) params = json::Object{};
  if (is_modern(revision_)) dress_request(params, client, log_level);
  if (progress == Progress::kWanted) {
    json::Value& meta = params.as_object()["_meta"];
    if (!meta.is_object()) meta = json::Object{};
    meta.as_object()["progressToken"] = static_cast<std::int64_t>(ticket);
  }
  write_request(out, id_of_ticket(ticket), method, params);
  return ticket;
}

void CallingSession::cancel(std::uint64_t ticket, std::string_view reason, std::string& out) {
  json::Object params;
  params["requestId"] = static_cast<std::int64_t>(ticket);
  params["reason"] = reason;
  write_notification(out, "notifications/cancelled", json::Value(std::move(params)));
}

void CallingSession::notify(std::string_view method, const json::Value& params, std::string& out) {
  write_notification(out, method, params);
}

void CallingSession::answer(const Id& id, const json::Value& result, std::string& out) {
  write_result(out, id, result);
}

void CallingSession::answer_error(const Id& id, const RpcError& error, std::string& out) {
  write_error(out, id, error);
}

}  // namespace agentos::mcp
