// send: one message into a pipe or an agent's mailbox, stamped with the sender by the kernel.
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/queue_wait.h"

namespace agentos::kernel::syscalls {
namespace {

Result<std::shared_ptr<ipc::Queue>> destination(CallContext& context, const abi::SendRequest& request) {
  if (request.handle) {
    std::lock_guard lock(context.agent().mutex);
    Handle* handle = context.agent().find_handle(*request.handle);
    auto* end = handle == nullptr ? nullptr : std::get_if<std::shared_ptr<ipc::WriteEnd>>(&handle->what);
    if (end == nullptr)
      return fail(abi::error::bad_handle,
                  "handle " + std::to_string(*request.handle) + " is not the writing end of a pipe");
    return (*end)->shared();
  }
  auto target = context.monitor.agents.find(request.target);
  if (target == nullptr) return fail(abi::error::no_such_agent, "no agent " + request.target);
  std::lock_guard lock(target->mutex);
  if (target->state >= AgentState::kEnding) return fail(abi::error::closed, target->id + " has ended");
  target->ensure_mailbox();
  return target->mailbox;
}

}  // namespace

Acted send_call(CallContext& context, const abi::SendRequest& request, abi::SendReply&) {
  auto queue = TRY(destination(context, request));
  Status status = queue->send(request.data.content, context.agent().id, context.start_us);
  if (status) return done();
  if (status.error().code != ipc::kWouldBlock || request.timeout_ms == 0) return std::unexpected(status.error());
  QueueWait::start(context, queue, Until::kWritable, request.timeout_ms, "there was no room in time",
                   [queue](CallContext& alive) -> std::optional<Status> {
                     const auto& sending = *static_cast<const abi::SendRequest*>(alive.request);
                     Status sent = queue->send(sending.data.content, alive.agent().id, alive.monitor.clock.wall_us());
                     if (!sent && sent.error().code == ipc::kWouldBlock) return std::nullopt;
                     return sent;
                   });
  return later();
}

}  // namespace agentos::kernel::syscalls
