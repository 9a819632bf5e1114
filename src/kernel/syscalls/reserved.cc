// Rows that are numbered and decided on, whose makers (egress proxy, secret store) are not part of this
// version: no connection may make them, and reaching a handler is a bug.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {
namespace {
Acted not_yet(CallContext& context) {
  return fail(abi::error::unsupported, std::string(context.row->name) + " has no maker in this version");
}
}  // namespace

Acted connect_call(CallContext& context, const abi::ConnectRequest&, abi::ConnectReply&) { return not_yet(context); }
Acted http_request_call(CallContext& context, const abi::HttpRequestRequest&, abi::HttpRequestReply&) {
  return not_yet(context);
}
Acted secret_use_call(CallContext& context, const abi::SecretUseRequest&, abi::SecretUseReply&) {
  return not_yet(context);
}

}  // namespace agentos::kernel::syscalls
