// How a call that was not carried out, or failed, is told to a client so that a model can use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "abi/kernel_api.h"
#include "lib/mcp/message.h"

namespace agentos::mcp_door {

inline constexpr std::string_view kMetaDenial = "io.agentos/denial";

// A CallToolResult with isError: a sentence, and the same for programs in _meta: code, rule, reason, hint, retry
// (never, later, with_approval, unknown).
json::Value denial_result(const Error& error, const json::Object& facts);
// The result of a call that waits for a person.
json::Value pending_result(const std::string& approval, std::int64_t seconds_left);

// Errors that are the protocol's own rather than a result; nothing when the model is to be told.
std::optional<mcp::RpcError> protocol_error(const abi::CallOutput& output);
// Any failure as a JSON-RPC error, for requests whose results have no isError.
mcp::RpcError rpc_error_of(const abi::CallOutput& output);

}  // namespace agentos::mcp_door
