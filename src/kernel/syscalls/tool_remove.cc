// tool_remove: calls under way go on.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted tool_remove_call(CallContext& context, const abi::ToolRemoveRequest& request, abi::ToolRemoveReply&) {
  if (Status status = context.monitor.tools.remove(request.tool); !status) {
    return fail(abi::error::tool_not_registered, "no tool \"" + request.tool + "\" is registered");
  }
  json::Object detail;
  detail["name"] = request.tool;
  detail["what"] = "removed";
  TRY(context.monitor.record_event("tool", nullptr, detail));
  return done();
}

}  // namespace agentos::kernel::syscalls
