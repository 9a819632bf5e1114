// Rows that are numbered and decided on, whose makers (the MCP door) are not part of this version: no connection may
// make them, and reaching a handler is a bug.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted mcp_request_call(CallContext& context, const abi::McpRequestRequest&, abi::McpRequestReply&) {
  return fail(abi::error::unsupported, std::string(context.row->name) + " has no maker in this version");
}

}  // namespace agentos::kernel::syscalls
