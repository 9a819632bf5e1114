// recv: the next message of a pipe or of the caller's mailbox; waits when asked to.
#include "kernel/syscalls/handlers.h"

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

void try_receive(const std::shared_ptr<Parked>& parked, const std::shared_ptr<ipc::Queue>& queue) {
  if (parked->finished.load()) return;
  auto waiting = queue->when_readable([parked, queue] {
    // Taking the message and answering must be one step, or a message could be taken for a call that timed out.
    if (parked->finished.exchange(true)) return;
    CallContext* context = parked->context;
    auto message = queue->receive();
    if (!message && message.error().code == ipc::kWouldBlock) {
      parked->finished = false;  // another reader was quicker
      return try_receive(parked, queue);
    }
    if (message) fill(*context, std::move(*message));
    context->monitor.resume(*context, message ? Status{} : Status{std::unexpected(message.error())});
  });
  if (!waiting) parked->finish([&](CallContext&) -> Status { return std::unexpected(waiting.error()); });
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
  auto parked = context.park();
  if (request.timeout_ms) {
    context.monitor.reactor.after_ms(*request.timeout_ms, [parked] {
      parked->finish([](CallContext&) -> Status { return fail(abi::error::timed_out, "no message came in time"); });
    });
  }
  try_receive(parked, queue);
  return later();
}

}  // namespace agentos::kernel::syscalls
