// mcp_request: to the named server when its client asks, to the client when a server asks.
#include <mutex>

#include "kernel/mcp_link.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

constexpr std::int64_t kRequestTimeoutMs = 300'000;
constexpr std::int64_t kListenTimeoutMs = std::int64_t{30} * 24 * 3600 * 1000;  // a stream; it ends by being cancelled

Status to_reply(CallContext& context, tool::McpAnswer& answer) {
  if (answer.error) {
    ErrorCode code = answer.error->code;
    if (code != ErrorCode::kTimedOut && code != ErrorCode::kCancelled && code != ErrorCode::kTooLarge) {
      code = abi::error::tool_failed;
    }
    return fail(code, answer.error->message, answer.error->hint);
  }
  if (answer.rpc_error) {
    json::Object told;
    told["code"] = answer.rpc_error->code;
    if (!answer.rpc_error->data.is_null()) told["data"] = std::move(answer.rpc_error->data);
    context.denial["rpc"] = std::move(told);
    return fail(abi::error::tool_failed, answer.rpc_error->message);
  }
  static_cast<abi::McpRequestReply*>(context.reply)->result = std::move(answer.result);
  return {};
}

// A server asks: the call is its process's.
Acted ask_client(CallContext& context, const abi::McpRequestRequest& request, const std::shared_ptr<McpLink>& link) {
  const std::uint64_t question = link->next_question();
  auto parked = context.park([link, question] { link->withdraw(question); });
  context.monitor.set_deadline(parked, kRequestTimeoutMs, "the client did not answer",
                               [link, question] { link->withdraw(question); });
  link->ask_client(
      request.server, request.method, request.params,
      [parked](Result<json::Value> result) {
        parked->finish([&](CallContext& alive) -> Status {
          static_cast<abi::McpRequestReply*>(alive.reply)->result = TRY(std::move(result));
          return {};
        });
      },
      question);
  return later();
}

}  // namespace

Acted mcp_request_call(CallContext& context, const abi::McpRequestRequest& request, abi::McpRequestReply&) {
  if (const auto link = context.agent().serves.lock()) return ask_client(context, request, link);
  const std::shared_ptr<McpLink> link = context.agent().mcp;
  const auto server = link == nullptr ? nullptr : link->find(request.server);
  if (server == nullptr) {
    return fail(abi::error::not_found, "the caller has no MCP server \"" + request.server + "\"");
  }
  if (request.method == "tools/call" || request.method == "initialize" || request.method == "server/discover") {
    return fail(abi::error::invalid_argument, request.method + " is no request of its own", "tools are run by exec");
  }
  TRY(link->passes(request.server, request.method, request.params));
  tool::McpServer::Request wanted;
  wanted.method = request.method;
  wanted.params = request.params;
  wanted.timeout_ms = request.method == "subscriptions/listen" ? kListenTimeoutMs : kRequestTimeoutMs;
  wanted.log_level = request.extra.string_or("logLevel", "");
  if (const json::Value* client = request.extra.find("client"); client != nullptr) {
    const json::Value* info = client->find("info");
    const json::Value* capabilities = client->find("capabilities");
    if (info != nullptr && capabilities != nullptr) wanted.client = mcp::ClientIdentity{*info, *capabilities};
  }
  if (request.extra.bool_or("progress", false)) wanted.on_progress = link->progress_of(request.server, context.token);
  struct Slot {
    std::mutex mutex;
    std::uint64_t ticket = 0;
    bool cancelled = false;
  };
  auto slot = std::make_shared<Slot>();
  auto parked = context.park([slot, server] {
    std::uint64_t ticket = 0;
    {
      const std::lock_guard lock(slot->mutex);
      slot->cancelled = true;
      ticket = slot->ticket;
    }
    if (ticket != 0) server->cancel(ticket, "cancelled");
  });
  const std::uint64_t ticket = server->request(
      std::move(wanted), [parked, link, name = request.server, method = request.method](tool::McpAnswer answer) {
        link->keep_accepted(name, method, answer.result);
        parked->finish([&](CallContext& alive) { return to_reply(alive, answer); });
      });
  bool cancelled = false;
  {
    const std::lock_guard lock(slot->mutex);
    slot->ticket = ticket;
    cancelled = slot->cancelled;
  }
  if (cancelled && ticket != 0) server->cancel(ticket, "cancelled");
  return later();
}

}  // namespace agentos::kernel::syscalls
