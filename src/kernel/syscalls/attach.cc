// attach: one more connection with the caller's identity, or the connection of a child that has no process.
#include "base/io/socket.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {
constexpr int kSessionsMax = 64;  // connections of one agent
}  // namespace

Acted attach_call(CallContext& context, const abi::AttachRequest& request, abi::AttachReply& reply) {
  std::shared_ptr<Agent> agent = context.caller.agent;
  if (!request.agent.empty() && request.agent != agent->id) {
    std::lock_guard lock(context.agent().mutex);
    const auto child = context.agent().children.find(request.agent);
    if (child == context.agent().children.end() || child->second->kind != AgentKind::kContext) {
      return fail(abi::error::no_such_agent, request.agent + " is not a child of the caller without a process");
    }
    agent = child->second;
  }
  {
    std::lock_guard lock(agent->mutex);
    if (agent->sessions >= kSessionsMax)
      return fail(abi::error::busy, "the agent has 64 connections already", "close some");
  }
  std::shared_ptr<void> place = agent->family->take_connection();
  if (place == nullptr)
    return fail(abi::error::busy, "the agent and its relatives have 512 connections already", "close some");
  abi::ConnectionAdopter* door = context.monitor.adopter.load();
  if (door == nullptr) return fail(abi::error::unsupported, "this kernel serves no sockets");
  auto pair = TRY(io::socket_pair());
  // The place goes with the session.
  std::shared_ptr<abi::Session> session = context.monitor.open_session(agent);
  abi::Session* raw = session.get();
  struct Placed {
    std::shared_ptr<abi::Session> session;
    std::shared_ptr<void> place;
  };
  auto placed = std::make_shared<Placed>(std::move(session), std::move(place));
  TRY(door->adopt(std::move(pair.second), std::shared_ptr<abi::Session>(std::move(placed), raw)));
  reply.agent = agent->id;
  context.descriptors_out.push_back(std::move(pair.first));
  return done();
}

}  // namespace agentos::kernel::syscalls
