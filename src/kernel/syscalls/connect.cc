// connect: the egress proxy opens a connection for an agent; the call lasts as long as the connection.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted connect_call(CallContext& context, const abi::ConnectRequest& request, abi::ConnectReply&) {
  if (context.monitor.egress == nullptr) return fail(abi::error::unsupported, "this kernel has no egress proxy");
  if (request.addresses.empty()) return fail(abi::error::not_permitted, request.host + " was not resolved");
  TRY(context.monitor.egress->carry_out(context, request.addresses));
  return later();
}

}  // namespace agentos::kernel::syscalls
