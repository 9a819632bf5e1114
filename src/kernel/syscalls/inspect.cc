// inspect: one agent in full.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted inspect_call(CallContext& context, const abi::InspectRequest& request, abi::InspectReply& reply) {
  auto agent = TRY(context.monitor.agents.find_one(request.agent));
  json::Object out = context.monitor.describe(*agent);
  out["output"] = context.monitor.options.state_directory + "/runs/" + agent->run + "/output.log";
  reply.agent = std::move(out);
  return done();
}

}  // namespace agentos::kernel::syscalls
