// Calls that wait for a person: asked in the client's own interface when that is trusted, held with progress, told as
// pending. Whatever the interface says, or does not say, `agentos approve` answers too; who is first counts.
#include <algorithm>
#include <utility>

#include "server/mcp_door/client.h"
#include "server/mcp_door/denial.h"

namespace agentos::mcp_door {
namespace {

constexpr std::size_t kShownBytesMax = 2048;  // of the arguments of a call a person is asked about
constexpr std::string_view kInputKey = "agentos-approval";

json::Value approval_form(const json::Value& request, const std::string& server, const std::string& approval) {
  const json::Value* arguments = request.find("arguments");
  if (arguments == nullptr) arguments = request.find("params");
  const std::string whole = arguments == nullptr ? std::string("{}") : json::write(*arguments);
  std::string shown = json::to_valid_utf8(std::string_view(whole).substr(0, kShownBytesMax));
  if (whole.size() > kShownBytesMax) {
    shown += " and " + std::to_string(whole.size() - kShownBytesMax) + " octets that are not shown";
  }
  const std::string what(request.string_or("tool", request.string_or("method", "")));
  json::Object params;
  params["message"] = "AgentOS asks: may \"" + json::to_valid_utf8(what) + "\"" +
                      (server.empty() ? "" : " of the server \"" + server + "\"") + " be called with " + shown + "? (" +
                      approval + ")";
  json::Object approve{{"type", "boolean"}, {"title", "Allow this call, once"}};
  json::Object schema{{"type", "object"}};
  schema["properties"] = json::Object{{"approve", std::move(approve)}};
  schema["required"] = json::Array{"approve"};
  params["requestedSchema"] = std::move(schema);
  return json::Value(std::move(params));
}

// What the person said; nothing when they said neither yes nor no. Only `true` is a yes.
std::optional<bool> answer_in(const Result<json::Value>& given) {
  if (!given || !given->is_object()) return std::nullopt;
  const std::string_view action = given->string_or("action", "");
  if (action == "decline") return false;
  const json::Value* content = given->find("content");
  const json::Value* approve = content == nullptr ? nullptr : content->find("approve");
  if (action != "accept" || approve == nullptr || !approve->is_bool()) return std::nullopt;
  return approve->as_bool();
}

}  // namespace

// Once for each approval, and only what the client can be asked.
void Client::ask_own_person(std::uint64_t token) {
  if (!backend_->is_trusted_ui()) return;
  bool offer = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(token);
    if (found == calls_.end() || !found->second.asked || found->second.asked_in_ui == found->second.approval) return;
    Call& call = found->second;
    json::Value params = approval_form(call.request, call.server, call.approval);
    const json::Value& can =
        serving_.is_legacy() ? serving_.legacy_client().capabilities : call.asked->client.capabilities;
    if (!mcp::client_can(can, "elicitation/create", params)) return;
    call.asked_in_ui = call.approval;
    auto done = [weak = weak_from_this(), approval = call.approval](const Result<json::Value>& given) {
      const auto self = weak.lock();
      const auto said = answer_in(given);
      if (self != nullptr && said) self->backend_->answer_approval(approval, *said);
    };
    if (serving_.is_legacy()) {
      const std::uint64_t ticket = serving_.request("elicitation/create", params, outbox_);
      if (ticket == 0) return;  // too many questions wait: this one does for agentos approve
      asked_.emplace(ticket, Question{std::move(done), 0});
      flush_locked();
    } else {
      call.inputs.push_back({.key = std::string(kInputKey),
                             .method = "elicitation/create",
                             .params = std::move(params),
                             .done = std::move(done)});
      offer = true;
    }
  }
  if (offer) offer_inputs(token);
}

void Client::write_progress_locked(const mcp::Asked& asked, const json::Value& params) {
  if (asked.progress_token.is_null()) return;
  json::Value told = params;
  told.as_object()["progressToken"] = asked.progress_token;
  mcp::write_notification(outbox_, "notifications/progress", told);
}

void Client::waits_for_approval(std::uint64_t token, const std::string& approval, std::int64_t expires_us) {
  loop_.post([weak = weak_from_this(), token, approval, expires_us] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    {
      const std::lock_guard lock(self->mutex_);
      const auto found = self->calls_.find(token);
      if (found == self->calls_.end() || !found->second.asked) return;
      found->second.approval = approval;
      found->second.approval_expires_us = expires_us;
      found->second.held_ms = 0;
    }
    self->ask_own_person(token);
    {
      const std::lock_guard lock(self->mutex_);
      const auto found = self->calls_.find(token);
      if (found == self->calls_.end() || found->second.timer != 0) return;
    }
    self->hold_over(token);
  });
}

// Every kHoldProgressMs while a call is held, on the loop's thread.
void Client::hold_over(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(token);
  if (found == calls_.end() || !found->second.asked || ended_) return;
  Call& call = found->second;
  const std::weak_ptr<Client> weak = weak_from_this();
  if (call.held_ms < kHoldMs) {
    json::Object progress;
    progress["progress"] = call.held_ms / 1000;
    progress["message"] = "waiting for a person: " + call.approval;
    write_progress_locked(*call.asked, json::Value(std::move(progress)));
    flush_locked();
    call.held_ms += kHoldProgressMs;
    call.timer = loop_.after_ms(kHoldProgressMs, [weak, token] {
      if (const auto self = weak.lock()) self->hold_over(token);
    });
    return;
  }
  const std::int64_t left_s = std::max<std::int64_t>(0, (call.approval_expires_us - clock_.wall_us()) / 1'000'000);
  mcp::ServingSession::answer(*call.asked, pending_result(call.approval, left_s), {}, outbox_);
  flush_locked();
  call.asked.reset();
  call.timer = loop_.after_ms(kParkedMs, [weak, token] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    std::shared_ptr<abi::Session> session = self->session_of();
    {
      const std::lock_guard held(self->mutex_);
      if (const auto late = self->calls_.find(token); late == self->calls_.end() || late->second.asked) return;
      self->calls_.erase(token);
    }
    if (session != nullptr) session->cancel(token);
  });
}

}  // namespace agentos::mcp_door
