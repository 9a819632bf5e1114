// secret_use: the value goes to the egress proxy, which puts it into one request; nobody else sees it.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted secret_use_call(CallContext& context, const abi::SecretUseRequest& request, abi::SecretUseReply&) {
  if (context.monitor.egress == nullptr) return fail(abi::error::unsupported, "this kernel has no egress proxy");
  TRY(context.monitor.egress->carry_out_with_secret(context, request.secret));
  return later();
}

}  // namespace agentos::kernel::syscalls
