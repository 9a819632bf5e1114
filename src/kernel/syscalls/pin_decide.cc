// pin_decide: an operator accepts what a server offers now, or forgets what was accepted.
#include "kernel/mcp_link.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted pin_decide_call(CallContext& context, const abi::PinDecideRequest& request, abi::PinDecideReply&) {
  Monitor& monitor = context.monitor;
  if (request.approve) {
    TRY(accept_offer(monitor, request.server, request.digest, context.caller.operator_uid));
    return done();
  }
  TRY(monitor.mcp.forget(request.server));
  json::Object detail;
  detail["server"] = request.server;
  detail["by"] = static_cast<std::int64_t>(context.caller.operator_uid);
  detail["what"] = "forgotten";
  TRY(monitor.record_event("pin", nullptr, detail));
  for (const auto& link : monitor.mcp.links()) link->decide_pins_anew();
  return done();
}

}  // namespace agentos::kernel::syscalls
