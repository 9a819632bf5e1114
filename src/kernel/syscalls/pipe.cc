// pipe: a bounded queue of messages and handles of its two ends.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted pipe_call(CallContext& context, const abi::PipeRequest& request, abi::PipeReply& reply) {
  Agent& agent = context.agent();
  auto queue = std::make_shared<ipc::Queue>(
      ipc::Limits{.messages_max = static_cast<std::size_t>(request.messages_max), .pool = &agent.family->memory()});
  auto read = std::make_shared<ipc::ReadEnd>(queue);
  auto write = std::make_shared<ipc::WriteEnd>(queue);
  std::lock_guard lock(agent.mutex);
  reply.read_handle = agent.add_handle({std::move(read), {}});
  reply.write_handle = reply.read_handle < 0 ? -1 : agent.add_handle({std::move(write), {}});
  if (reply.write_handle < 0) {
    if (Handle* handle = agent.find_handle(reply.read_handle)) *handle = {};
    return fail(abi::error::busy, "1024 handles are open already", "close some");
  }
  return done();
}

}  // namespace agentos::kernel::syscalls
