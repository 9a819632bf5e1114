// http_request: the egress proxy passes one request on for an agent; the call ends with the response.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted http_request_call(CallContext& context, const abi::HttpRequestRequest&, abi::HttpRequestReply&) {
  if (context.monitor.egress == nullptr) return fail(abi::error::unsupported, "this kernel has no egress proxy");
  TRY(context.monitor.egress->carry_out(context, {}));
  return later();
}

}  // namespace agentos::kernel::syscalls
