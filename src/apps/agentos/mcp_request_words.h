// From words and maps of servers to the request that the kernel understands, for `agentos mcp wrap` and `mcp serve`.
#pragma once

#include <string>
#include <vector>

#include "abi/calls_mcp.h"
#include "apps/agentos/verbs.h"
#include "base/error.h"
#include "base/io/fd.h"
#include "base/json/value.h"

namespace agentos::cli {

struct McpOpening {
  abi::McpOpenRequest request;
  io::Fd variables;  // values of variables, which may be secrets and stay out of the request; invalid: none
};
Result<McpOpening> open_wrapped(const McpWrapOptions& options, const char* const* environment);
Result<McpOpening> open_served(const McpServeOptions& options, const char* const* environment);

}  // namespace agentos::cli
