// shutdown: answers, then whoever runs the kernel stops it in order.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted shutdown_call(CallContext& context, const abi::ShutdownRequest& request, abi::ShutdownReply&) {
  Monitor& monitor = context.monitor;
  if (request.when_idle && monitor.agents.alive_count() > 0) {
    return fail(abi::error::busy, std::to_string(monitor.agents.alive_count()) + " agents are alive",
                "agentos ps lists them");
  }
  if (!monitor.shutdown_requested)
    return fail(abi::error::unsupported, "the program that embeds this kernel stops it itself");
  monitor.reactor.after_ms(20, [&monitor, reason = request.reason] { monitor.shutdown_requested(reason); });
  return done();
}

}  // namespace agentos::kernel::syscalls
