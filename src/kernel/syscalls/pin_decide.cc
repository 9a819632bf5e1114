// pin_decide: an operator accepts what a server offers now, or forgets what was accepted.
#include "kernel/mcp_link.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted pin_decide_call(CallContext& context, const abi::PinDecideRequest& request, abi::PinDecideReply&) {
  Monitor& monitor = context.monitor;
  json::Object detail;
  detail["server"] = request.server;
  detail["by"] = static_cast<std::int64_t>(context.caller.operator_uid);
  if (request.approve) {
    std::optional<mcp::Pin> now;
    for (const auto& link : monitor.mcp.links()) {
      if (!now) now = link->offered(request.server);
    }
    if (!now) {
      return fail(abi::error::not_found, "no server \"" + request.server + "\" is connected, so nothing is offered",
                  "start it, or agentos mcp pin reset forgets its pin");
    }
    if (!request.digest.empty() && request.digest != now->digest()) {
      return fail(abi::error::not_permitted, "what the server offers has changed since it was looked at",
                  "look at it again: agentos mcp pin show");
    }
    now->pinned_us = monitor.clock.wall_us();
    TRY(monitor.mcp.keep(*now));
    detail["what"] = "approved";
    detail["digest"] = now->digest();
  } else {
    TRY(monitor.mcp.forget(request.server));
    detail["what"] = "forgotten";
  }
  TRY(monitor.record_event("pin", nullptr, detail));
  for (const auto& link : monitor.mcp.links()) link->decide_pins_anew();
  return done();
}

}  // namespace agentos::kernel::syscalls
