// Calls under way: begun, answered, cancelled, and found again by a client that comes back.
#include <algorithm>
#include <utility>

#include "base/crypto/hash.h"
#include "server/mcp_door/client.h"
#include "server/mcp_door/denial.h"

namespace agentos::mcp_door {
namespace {

// What makes two requests the same: everything but what belongs to one of them alone.
std::string call_key(std::string_view row, const json::Value& request) {
  json::Value same = request;
  if (json::Value* extra = same.as_object().find("extra"); extra != nullptr && extra->is_object()) {
    for (const char* key : {"_meta", "client", "logLevel", "progress"}) extra->as_object().erase(key);
  }
  return std::string(row) + crypto::hex(crypto::sha256(json::write_canonical(same)));
}

}  // namespace

void Client::call(mcp::Asked asked, std::string row, std::string server, json::Value request, Effects& effects) {
  const std::lock_guard lock(mutex_);
  const bool comes_back =
      asked.params.find("requestState") != nullptr ||
      std::any_of(calls_.begin(), calls_.end(), [](const auto& one) { return !one.second.asked.has_value(); });
  const std::string key = comes_back ? call_key(row, request) : std::string();
  if (comes_back && attach_locked(asked, key, effects)) return;
  std::size_t bytes = line_bytes_;
  for (const auto& [token, other] : calls_) bytes += other.bytes;
  if (calls_.size() >= kCallsMax || bytes > kCallsBytesMax) {
    mcp::ServingSession::answer_error(
        asked, {mcp::kInternalError, "256 requests, or 16 MiB of them, are under way already", {}}, outbox_);
    return flush_locked();
  }
  const std::uint64_t token = next_token_++;
  Call& made = calls_[token];
  made.token = token;
  made.bytes = line_bytes_;
  made.asked = std::move(asked);
  made.key = key;
  made.server = std::move(server);
  made.row = row;
  made.request = request;
  submit(token, std::move(row), std::move(request), effects);
}

// A request that goes on with a call the client has left: with the input it was asked for, or to hear how it ended.
bool Client::attach_locked(mcp::Asked& asked, const std::string& key, Effects& effects) {
  const json::Value* state = asked.params.find("requestState");
  for (auto& [token, call] : calls_) {
    if (call.asked) continue;
    if (call.key.empty()) call.key = call_key(call.row, call.request);
    if (call.key != key) continue;
    if (state != nullptr ? !(state->is_string() && state->as_string() == call.state) : call.approval.empty()) continue;
    if (call.timer != 0) {
      loop_.post([&loop = loop_, timer = call.timer] { loop.cancel(timer); });
      call.timer = 0;
    }
    call.state.clear();
    call.asked = std::move(asked);
    if (call.outcome) {
      answer_locked(call, std::move(*call.outcome));
      forget_locked(token);
      return true;
    }
    if (const json::Value* responses = call.asked->params.find("inputResponses"); responses != nullptr) {
      for (auto input = call.inputs.begin(); input != call.inputs.end();) {
        const json::Value* given = input->sent ? responses->find(input->key) : nullptr;
        if (given == nullptr) {
          input->sent = false;  // asked for again
          ++input;
          continue;
        }
        effects.push_back([done = std::move(input->done), result = *given] { done(result); });
        input = call.inputs.erase(input);
      }
    }
    if (!call.inputs.empty()) {
      effects.push_back([weak = weak_from_this(), token = token] {
        if (const auto self = weak.lock()) self->offer_inputs(token);
      });
    }
    if (!call.approval.empty()) {
      effects.push_back(
          [weak = weak_from_this(), token = token, approval = call.approval, expires = call.approval_expires_us] {
            if (const auto self = weak.lock()) self->waits_for_approval(token, approval, expires);
          });
    }
    return true;
  }
  if (state == nullptr) return false;
  mcp::ServingSession::answer_error(asked, {mcp::kInvalidParams, "no request waits with that requestState", {}},
                                    outbox_);
  flush_locked();
  return true;
}

void Client::submit(std::uint64_t token, std::string row, json::Value request, Effects& effects) {
  effects.push_back([self = shared_from_this(), token, row = std::move(row), request = std::move(request)]() mutable {
    const auto session = self->session_of();
    if (session == nullptr) return;
    session->submit(token, std::move(row), std::move(request), {},
                    [weak = std::weak_ptr(self), token](abi::CallOutput output) {
                      if (const auto alive = weak.lock()) alive->completed(token, std::move(output));
                    });
  });
}

void Client::completed(std::uint64_t token, abi::CallOutput output) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(token);
    if (found == calls_.end()) return;
    Call& call = found->second;
    call.inputs.clear();  // nobody waits for them any more
    if (output.status) {
      json::Value& result = call.row == "exec" ? static_cast<abi::ExecReply*>(output.reply.get())->result
                                               : static_cast<abi::McpRequestReply*>(output.reply.get())->result;
      if (mcp::kind_of_result(result) == "input_required" && wants_input_locked(call, result, effects)) {
        call.approval.clear();
      } else if (!call.asked) {
        call.outcome = std::move(output);
      } else {
        answer_locked(call, std::move(output));
        forget_locked(token);
      }
    } else if (!call.asked) {
      call.outcome = std::move(output);
    } else {
      answer_locked(call, std::move(output));
      forget_locked(token);
    }
  }
  for (const auto& effect : effects) effect();
}

void Client::answer_locked(Call& call, abi::CallOutput output) {
  const mcp::Asked& asked = *call.asked;
  if (output.status) {
    json::Value& result = call.row == "exec" ? static_cast<abi::ExecReply*>(output.reply.get())->result
                                             : static_cast<abi::McpRequestReply*>(output.reply.get())->result;
    mcp::ServingSession::answer(asked, std::move(result), {}, outbox_);
  } else if (output.status.error().code == abi::error::cancelled) {
    return;  // the client said so itself
  } else if (call.row != "exec") {
    mcp::RpcError error = rpc_error_of(output);
    if (mcp::is_modern(asked.revision) && error.code == -32002) error.code = mcp::kInvalidParams;
    mcp::ServingSession::answer_error(asked, error, outbox_);
  } else if (auto error = protocol_error(output)) {
    mcp::ServingSession::answer_error(asked, *error, outbox_);
  } else {
    mcp::ServingSession::answer(asked, denial_result(output.status.error(), output.denial), {}, outbox_);
  }
  flush_locked();
}

void Client::forget_locked(std::uint64_t token) {
  const auto found = calls_.find(token);
  if (found == calls_.end()) return;
  if (found->second.timer != 0) {
    loop_.post([&loop = loop_, timer = found->second.timer] { loop.cancel(timer); });
  }
  calls_.erase(found);
}

void Client::cancel(const mcp::Id& id, Effects& effects) {
  const std::lock_guard lock(mutex_);
  if (const auto found = subscriptions_.find(json::write(mcp::to_json(id))); found != subscriptions_.end()) {
    const auto uris = std::move(found->second.uris);
    subscriptions_.erase(found);
    for (const std::string& uri : uris) unsubscribe_locked(uri, effects);
    return;
  }
  std::erase_if(waiting_, [&](const Waiting& one) { return one.asked.id == id; });
  for (auto& [token, call] : calls_) {
    if (!call.asked || call.asked->id != id) continue;
    effects.push_back([self = shared_from_this(), token = token] {
      if (const auto session = self->session_of()) session->cancel(token);
    });
    return;
  }
}

void Client::progressed(std::uint64_t token, const json::Value& params) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(token);
  if (found == calls_.end() || !found->second.asked || !params.is_object()) return;
  if (outbox_.size() - sent_ > kOutboxBytesMax / 2) return;
  write_progress_locked(*found->second.asked, params);
  flush_locked();
}

}  // namespace agentos::mcp_door
