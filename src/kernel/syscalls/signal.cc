// signal: policy decided whether this caller may send it; delivery is signals.cc's.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted signal_call(CallContext& context, const abi::SignalRequest& request, abi::SignalReply& reply) {
  const abi::SignalInfo* signal = abi::find_signal(request.signal);
  if (signal == nullptr)
    return fail(abi::error::no_such_signal, "there is no signal \"" + request.signal + "\"",
                "agentos help signal lists them");
  std::shared_ptr<Agent> target;
  std::string sender = "operator:" + std::to_string(context.caller.operator_uid);
  if (context.caller.agent != nullptr) {
    sender = context.agent().id;
    target = context.monitor.agents.find(context.facts.target);
    if (target == nullptr) return fail(abi::error::no_such_agent, "no agent " + std::string(context.facts.target));
  } else {
    target = TRY(context.monitor.agents.find_one(request.target));
  }
  // To itself a deadly signal would end the call that is being answered: answer first.
  const bool deadly = signal->action == abi::SignalAction::kill || signal->action == abi::SignalAction::stop;
  if (target == context.caller.agent && deadly) {
    reply = {.delivered = true, .pending = false, .effect = std::string(abi::name_of(signal->action))};
    Monitor& monitor = context.monitor;
    monitor.reactor.post([&monitor, target, signal, sender, reason = request.reason] {
      (void)monitor.send_signal(sender, target, *signal, reason);
    });
    return done();
  }
  reply = TRY(context.monitor.send_signal(sender, target, *signal, request.reason));
  return done();
}

}  // namespace agentos::kernel::syscalls
