// ps: every agent, what stands behind it, and what it did so far.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

abi::AgentEntry to_entry(const Agent& agent) {
  abi::AgentEntry entry;
  entry.agent = agent.id;
  entry.name = agent.name;
  entry.parent = agent.parent_id;
  entry.ring = agent.ring;
  entry.pid = agent.pid.load();
  entry.kind = name_of(agent.kind);
  entry.started_us = agent.started_us;
  entry.calls = static_cast<std::int64_t>(agent.calls.load());
  entry.denied = static_cast<std::int64_t>(agent.denied.load());
  if (agent.launch != nullptr) {
    for (const std::string& word : agent.launch->command) {
      if (!entry.command.empty()) entry.command += ' ';
      entry.command += json::to_valid_utf8(word.substr(0, 256));
      if (entry.command.size() > 1024) break;
    }
  }
  std::lock_guard lock(agent.mutex);
  entry.state = name_of(agent.state);
  if (agent.state == AgentState::kEnded) entry.exit_code = agent.exit.code;
  return entry;
}

}  // namespace

Acted ps_call(CallContext& context, const abi::PsRequest& request, abi::PsReply& reply) {
  if (request.all) {
    for (const auto& agent : context.monitor.agents.ended()) reply.agents.push_back(to_entry(*agent));
  }
  for (const auto& agent : context.monitor.agents.alive()) reply.agents.push_back(to_entry(*agent));
  return done();
}

}  // namespace agentos::kernel::syscalls
