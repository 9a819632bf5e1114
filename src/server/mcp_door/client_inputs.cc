// Servers that want input in the middle of a call, between all eras.
//
//   the server asks by          a request of its own (legacy)  | the result of the call (modern: input_required)
//   the client is asked by      a request of ours (legacy)     | the result of its request (modern: input_required)
//
// Either way each of the server's requests is first decided as a call of the server, and comes here as asked().
#include <algorithm>
#include <span>
#include <utility>

#include "base/crypto/hash.h"
#include "base/random.h"
#include "server/mcp_door/client.h"

namespace agentos::mcp_door {
namespace {

constexpr std::size_t kInputsMax = 16;  // of one round
constexpr std::size_t kStateBytes = 24;

std::string fresh_state() {
  SystemRandom random;
  std::string octets(kStateBytes, '\0');
  random.fill(std::as_writable_bytes(std::span(octets)));
  return "agentos-" + crypto::base64url(octets);
}

}  // namespace

void Client::asked(const std::string& server, const std::string& method, json::Value params,
                   std::function<void(Result<json::Value>)> done, std::uint64_t question) {
  std::optional<Error> refused;
  std::optional<std::uint64_t> carrier;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) {
      refused = Error{ErrorCode::kClosed, "the client has gone", {}};
    } else if (serving_.is_legacy()) {
      if (!mcp::client_can(serving_.legacy_client().capabilities, method, params)) {
        refused = Error{ErrorCode::kUnsupported, "the client cannot answer " + method, {}};
      } else if (const std::uint64_t ticket = serving_.request(method, params, outbox_); ticket == 0) {
        refused = Error{ErrorCode::kBusy, "too many requests wait for the client already", {}};
      } else {
        asked_.emplace(ticket, Question{std::move(done), question});
        flush_locked();
        return;
      }
    } else {
      // The oldest request of the client that this server works on carries it.
      for (auto& [token, call] : calls_) {
        const bool can =
            call.asked ? mcp::client_can(call.asked->client.capabilities, method, params) : !call.state.empty();
        const bool kind = call.row == "exec" || call.request.string_or("method", "") == "prompts/get" ||
                          call.request.string_or("method", "") == "resources/read";
        if (!can || !kind || call.inputs.size() >= kInputsMax || (!call.server.empty() && call.server != server))
          continue;
        call.inputs.push_back({.key = "input-" + std::to_string(++call.input_rounds),
                               .method = method,
                               .params = std::move(params),
                               .done = std::move(done),
                               .question = question});
        carrier = token;
        break;
      }
      if (!carrier) {
        refused = Error{
            ErrorCode::kUnsupported, "no request of the client is under way that could carry " + method + " to it", {}};
      }
    }
  }
  // NOLINTNEXTLINE(bugprone-use-after-move): moved only when nothing was refused
  if (refused) return done(std::unexpected(std::move(*refused)));
  // After what was asked together has come together.
  loop_.post([weak = weak_from_this(), token = *carrier] {
    if (const auto self = weak.lock()) self->offer_inputs(token);
  });
}

// A legacy client is told; a modern one finds when it comes back that nobody waits for its answer.
void Client::withdrawn(std::uint64_t question) {
  if (question == 0) return;
  const std::lock_guard lock(mutex_);
  for (auto& [token, call] : calls_) {
    std::erase_if(call.inputs, [&](const Input& input) { return input.question == question; });
  }
  const auto found =
      std::find_if(asked_.begin(), asked_.end(), [&](const auto& one) { return one.second.number == question; });
  if (found == asked_.end() || ended_) return;
  serving_.cancel_request(found->first, "the server does not want to know any more", outbox_);
  asked_.erase(found);
  flush_locked();
}

// Ends the client's request with what is wanted of it; the call goes on and waits for its retry.
void Client::offer_inputs(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(token);
  if (found == calls_.end() || !found->second.asked || found->second.inputs.empty()) return;
  Call& call = found->second;
  const auto parked = std::count_if(calls_.begin(), calls_.end(), [](const auto& one) { return !one.second.asked; });
  if (static_cast<std::size_t>(parked) >= kParkedMax) return;  // the deadline of the server's request ends it
  json::Object requests;
  for (Input& input : call.inputs) {
    json::Object one;
    one["method"] = input.method;
    if (input.params.is_object() && !input.params.as_object().empty()) one["params"] = input.params;
    requests[input.key] = std::move(one);
    input.sent = true;
  }
  call.state = fresh_state();
  json::Object result;
  result["resultType"] = "input_required";
  result["inputRequests"] = std::move(requests);
  result["requestState"] = call.state;
  mcp::ServingSession::answer(*call.asked, json::Value(std::move(result)), {}, outbox_);
  call.asked.reset();
  flush_locked();
  call.timer = loop_.after_ms(kParkedMs, [weak = weak_from_this(), token] {
    const auto self = weak.lock();
    const auto session = self == nullptr ? nullptr : self->session_of();
    if (session == nullptr) return;
    std::list<Input> inputs;
    {
      const std::lock_guard held(self->mutex_);
      const auto late = self->calls_.find(token);
      if (late == self->calls_.end() || late->second.asked) return;
      inputs = std::move(late->second.inputs);
      self->calls_.erase(late);
    }
    for (const Input& input : inputs) input.done(fail(ErrorCode::kTimedOut, "the client did not come back"));
    session->cancel(token);
  });
}

// A modern server's call ended with what it wants: each is asked for as if the server had asked, then the call is made
// again with the answers. False: it cannot be, and the result goes to the client as it is.
bool Client::wants_input_locked(Call& call, json::Value& result, Effects& effects) {
  if (++call.input_rounds > kInputRoundsMax) return false;
  call.server_state = result.string_or("requestState", "");
  call.input_responses = {};
  const json::Value* wanted = result.find("inputRequests");
  if (wanted == nullptr || !wanted->is_object() || wanted->as_object().empty()) {
    if (call.server_state.empty()) return false;
    continue_locked(call, effects);
    return true;
  }
  if (wanted->as_object().size() > kInputsMax) return false;
  call.inputs_left = wanted->as_object().size();
  for (const auto& [key, request] : wanted->as_object()) {
    json::Value params = json::Object{};
    if (const json::Value* given = request.find("params"); given != nullptr && given->is_object()) params = *given;
    effects.push_back([self = shared_from_this(), token = call.token, key = key, server = call.server,
                       method = std::string(request.string_or("method", "")), params = std::move(params)]() mutable {
      self->backend_->ask(server, method, std::move(params),
                          [weak = std::weak_ptr(self), token, key](Result<json::Value> given) {
                            if (const auto alive = weak.lock()) alive->input_given(token, key, std::move(given));
                          });
    });
  }
  return true;
}

void Client::input_given(std::uint64_t token, const std::string& key, Result<json::Value> result) {
  Effects effects;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(token);
    if (found == calls_.end() || found->second.inputs_left == 0) return;
    // What was refused is left out: the server asks again or does without.
    if (result) found->second.input_responses[key] = std::move(*result);
    if (--found->second.inputs_left == 0) {
      if (found->second.input_responses.empty()) {
        abi::CallOutput output;
        output.status = fail(abi::error::denied, "the server asked for input that was refused: " +
                                                     (result ? std::string() : result.error().message));
        if (found->second.asked) {
          answer_locked(found->second, std::move(output));
          forget_locked(token);
        } else {
          found->second.outcome = std::move(output);
        }
      } else {
        continue_locked(found->second, effects);
      }
    }
  }
  for (const auto& effect : effects) effect();
}

void Client::continue_locked(Call& call, Effects& effects) {
  json::Value request = call.request;
  json::Object& holder =
      (call.row == "exec" ? request.as_object()["extra"] : request.as_object()["params"]).as_object();
  if (!call.input_responses.empty()) holder["inputResponses"] = std::exchange(call.input_responses, {});
  if (!call.server_state.empty()) holder["requestState"] = call.server_state;
  submit(call.token, call.row, std::move(request), effects);
}

}  // namespace agentos::mcp_door
