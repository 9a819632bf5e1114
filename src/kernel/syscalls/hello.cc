// hello: versions meet; each side keeps to the rows both know.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted hello_call(CallContext& context, const abi::HelloRequest&, abi::HelloReply& reply) {
  const Monitor& monitor = context.monitor;
  reply.version = AGENTOS_VERSION;
  reply.abi = abi::kAbiRevision;
  for (const abi::Row& row : abi::rows()) {
    if (row.support == abi::Support::full) reply.calls.emplace_back(row.name);
  }
  const KernelState state = monitor.state.load();
  reply.state = name_of(state == KernelState::kRunning && !monitor.recorder->health() ? KernelState::kDegraded : state);
  reply.role = context.caller.agent == nullptr ? "operator" : "agent";
  reply.paths = json::Object{};
  if (context.caller.agent != nullptr) {
    reply.agent = context.agent().id;
    return done();
  }
  json::Object paths;
  paths["log"] = monitor.options.state_directory + "/log";
  paths["socket"] = monitor.options.socket;
  paths["state"] = monitor.options.state_directory;
  reply.paths = std::move(paths);
  return done();
}

}  // namespace agentos::kernel::syscalls
