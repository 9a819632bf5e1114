// Makes the results of calls that did not succeed, in one form: "Type: message", bounded and valid UTF-8.
#pragma once

#include <string_view>

#include "base/error.h"
#include "lib/tool/registry.h"

namespace agentos::tool {

inline constexpr std::size_t kErrorBytesMax = 4096;

ToolResult failed(std::string_view type, std::string_view message);
ToolResult failed(const Error& error);  // "InvalidArgument: message (hint)"
ToolResult timed_out(std::int64_t timeout_ms);
ToolResult cancelled();

// What an invocation may take: its own wish, never more than the manifest's.
std::int64_t timeout_ms_of(const Manifest& manifest, const Invocation& invocation);

}  // namespace agentos::tool
