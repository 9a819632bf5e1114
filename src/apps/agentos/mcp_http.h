// agentos mcp serve --http: streamable HTTP in front of the kernel. Each session of a client is an agent of its own, at
// the other end of a socket pair; this program reads HTTP, and the kernel does not.
#pragma once

#include "apps/agentos/mcp_request_words.h"
#include "apps/agentos/verbs.h"

namespace agentos::cli {

// Until a signal ends it, or the kernel.
Result<int> serve_http(const Globals& globals, const McpServeOptions& options, McpOpening opening);

}  // namespace agentos::cli
