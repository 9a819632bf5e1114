// The built-in tools about code and claims, under the names of the original kernel's MCP server.
#pragma once

#include "lib/tool/registry.h"

namespace agentos::tool {

// verify_code_safety, cmvk_review, cmvk_verify.
Status add_code_tools(Registry& registry, HostExecutors& executors);

}  // namespace agentos::tool
