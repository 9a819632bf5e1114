// status: the caller as the kernel sees it.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted status_call(CallContext& context, const abi::StatusRequest&, abi::StatusReply& reply) {
  const Agent& agent = context.agent();
  reply.agent = agent.id;
  reply.name = agent.name;
  reply.run = agent.run;
  reply.parent = agent.parent_id;
  reply.ring = agent.ring;
  for (const abi::RightInfo& info : abi::rights()) {
    if (agent.rights & info.bit) reply.rights.emplace_back(info.name);
  }
  reply.budget = agent.quota->limits();
  reply.used = agent.quota->usage();
  std::lock_guard lock(agent.mutex);
  reply.state = name_of(agent.state);
  reply.context_tokens = agent.context_tokens;
  for (std::size_t number = 1; number < agent.handles.size(); ++number) {
    const Handle& handle = agent.handles[number];
    if (std::holds_alternative<std::monostate>(handle.what)) continue;
    const char* kind = std::holds_alternative<std::shared_ptr<vfs::OpenFile>>(handle.what)  ? "file"
                       : std::holds_alternative<std::shared_ptr<ipc::ReadEnd>>(handle.what) ? "pipe-read"
                                                                                            : "pipe-write";
    reply.handles.push_back({static_cast<std::int64_t>(number), kind, handle.path});
  }
  for (const abi::SignalInfo& info : abi::signals()) {
    if (agent.signals.pending & (1u << static_cast<int>(info.number))) reply.pending_signals.emplace_back(info.name);
  }
  for (const auto& [id, child] : agent.children) reply.children.push_back(id);
  for (const ExitRecord& record : agent.zombies) reply.children.push_back(record.agent);
  return done();
}

}  // namespace agentos::kernel::syscalls
