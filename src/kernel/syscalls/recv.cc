// recv: the next message of a pipe or of the caller's mailbox; waits when asked to.
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/queue_wait.h"

namespace agentos::kernel::syscalls {
namespace {

Result<std::shared_ptr<ipc::Queue>> source(CallContext& context, const abi::RecvRequest& request) {
  std::lock_guard lock(context.agent().mutex);
  if (!request.handle) {
    context.agent().ensure_mailbox();
    return context.agent().mailbox;
  }
  Handle* handle = context.agent().find_handle(*request.handle);
  auto* end = handle == nullptr ? nullptr : std::get_if<std::shared_ptr<ipc::ReadEnd>>(&handle->what);
  if (end == nullptr)
    return fail(abi::error::bad_handle,
                "handle " + std::to_string(*request.handle) + " is not the reading end of a pipe");
  return (*end)->shared();
}

void fill(CallContext& context, std::optional<ipc::Message> message) {
  auto& reply = *static_cast<abi::RecvReply*>(context.reply);
  if (!message) {
    reply.end = true;
    return;
  }
  reply.data.content = std::move(message->content);
  reply.sender = std::move(message->sender);
  reply.sent_at_us = message->sent_at_us;
  reply.sequence = static_cast<std::int64_t>(message->sequence);
  context.bytes = static_cast<std::int64_t>(reply.data.size());
}

}  // namespace

Acted recv_call(CallContext& context, const abi::RecvRequest& request, abi::RecvReply&) {
  auto queue = TRY(source(context, request));
  auto message = queue->receive();
  if (message) {
    fill(context, std::move(*message));
    return done();
  }
  if (message.error().code != ipc::kWouldBlock || request.timeout_ms == 0) return std::unexpected(message.error());
  QueueWait::start(context, queue, Until::kReadable, request.timeout_ms, "no message came in time",
                   [queue](CallContext& alive) -> std::optional<Status> {
                     auto received = queue->receive();
                     if (!received && received.error().code == ipc::kWouldBlock) return std::nullopt;
                     if (!received) return Status(std::unexpected(received.error()));
                     fill(alive, std::move(*received));
                     return Status{};
                   });
  return later();
}

}  // namespace agentos::kernel::syscalls
