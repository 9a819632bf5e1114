// sigaction: what a signal does to the caller. SIGSTOP, SIGKILL and SIGPOLICY cannot be taken away from the kernel.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted sigaction_call(CallContext& context, const abi::SigactionRequest& request, abi::SigactionReply& reply) {
  const abi::SignalInfo* signal = abi::find_signal(request.signal);
  if (signal == nullptr) return fail(abi::error::no_such_signal, "there is no signal \"" + request.signal + "\"");
  std::lock_guard lock(context.agent().mutex);
  std::uint8_t& disposition = context.agent().signals.disposition[static_cast<std::size_t>(signal->number)];
  reply.previous = abi::kDispositions[disposition];
  if (!request.disposition) return done();
  const std::uint8_t wanted = *request.disposition == "default" ? 0 : *request.disposition == "ignore" ? 1 : 2;
  if (!signal->catchable && wanted != 0) {
    return fail(abi::error::not_permitted, std::string(signal->name) + " cannot be handled or ignored");
  }
  disposition = wanted;
  return done();
}

}  // namespace agentos::kernel::syscalls
