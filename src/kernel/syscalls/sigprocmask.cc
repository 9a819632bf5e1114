// sigprocmask: which signals wait. Unblocking delivers what is pending, once each.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {

std::vector<std::string> names_of(std::uint16_t set) {
  std::vector<std::string> names;
  for (const abi::SignalInfo& info : abi::signals()) {
    if (set & (1u << static_cast<int>(info.number))) names.emplace_back(info.name);
  }
  return names;
}

}  // namespace

Acted sigprocmask_call(CallContext& context, const abi::SigprocmaskRequest& request, abi::SigprocmaskReply& reply) {
  std::uint16_t set = 0;
  for (const std::string& word : request.signals) {
    const abi::SignalInfo* signal = abi::find_signal(word);
    if (signal == nullptr) return fail(abi::error::no_such_signal, "there is no signal \"" + word + "\"");
    if (!signal->maskable && request.how != "unblock") {
      return fail(abi::error::not_permitted, std::string(signal->name) + " cannot be blocked");
    }
    set |= static_cast<std::uint16_t>(1u << static_cast<int>(signal->number));
  }
  {
    std::lock_guard lock(context.agent().mutex);
    SignalState& signals = context.agent().signals;
    reply.previous = names_of(signals.blocked);
    reply.pending = names_of(signals.pending);
    if (request.how == "set") signals.blocked = set;
    if (request.how == "block") signals.blocked |= set;
    if (request.how == "unblock") signals.blocked &= static_cast<std::uint16_t>(~set);
  }
  Monitor& monitor = context.monitor;
  monitor.reactor.post([&monitor, agent = context.caller.agent] { monitor.deliver_pending(agent); });
  return done();
}

}  // namespace agentos::kernel::syscalls
