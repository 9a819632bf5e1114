// send: one message into a pipe or an agent's mailbox, stamped with the sender by the kernel.
#include "kernel/syscalls/handlers.h"

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

// Tries again each time there is room, until it is in or the call was finished otherwise.
void try_send(const std::shared_ptr<Parked>& parked, const std::shared_ptr<ipc::Queue>& queue,
              const std::string& content, const std::string& sender) {
  if (parked->finished.load()) return;
  Clock& clock = parked->context->monitor.clock;
  Status status = queue->send(content, sender, clock.wall_us());
  if (!status && status.error().code == ipc::kWouldBlock) {
    auto waiting = queue->when_writable([parked, queue, content, sender] { try_send(parked, queue, content, sender); });
    if (waiting) return;
    status = std::unexpected(waiting.error());
  }
  parked->finish([&](CallContext&) -> Status { return status; });
}

}  // namespace

Acted send_call(CallContext& context, const abi::SendRequest& request, abi::SendReply&) {
  auto queue = TRY(destination(context, request));
  Status status = queue->send(request.data.content, context.agent().id, context.start_us);
  if (status) return done();
  if (status.error().code != ipc::kWouldBlock || request.timeout_ms == 0) return std::unexpected(status.error());
  auto parked = context.park();
  context.monitor.reactor.after_ms(request.timeout_ms, [parked] {
    parked->finish([](CallContext&) -> Status { return fail(abi::error::timed_out, "there was no room in time"); });
  });
  try_send(parked, queue, request.data.content, context.caller.agent->id);
  return later();
}

}  // namespace agentos::kernel::syscalls
