// The header rules of the streamable HTTP transport: what a request says of itself in HTTP fields must be what its body
// says. Sources: modelcontextprotocol.io, revision 2026-07-28, "Request Metadata" and "Server Validation".
//
//   MCP-Protocol-Version   params._meta's protocolVersion     every request of the modern era
//   Mcp-Method             method                             every request of the modern era
//   Mcp-Name               params.name or params.uri          tools/call, prompts/get, resources/read
//   Mcp-Param-NAME         an argument whose schema has x-mcp-header: NAME
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/mcp/message.h"

namespace agentos::mcp {

inline constexpr std::string_view kHeaderVersion = "MCP-Protocol-Version";
inline constexpr std::string_view kHeaderSession = "Mcp-Session-Id";
inline constexpr std::string_view kHeaderMethod = "Mcp-Method";
inline constexpr std::string_view kHeaderName = "Mcp-Name";
inline constexpr std::string_view kHeaderParam = "Mcp-Param-";
inline constexpr std::size_t kParamHeadersMax = 64;  // of one tool
inline constexpr std::size_t kParamDepthMax = 16;

// The value of the only field of that name; nothing when there is none. Names compare without case.
using HeaderLookup = std::function<std::optional<std::string_view>(std::string_view name)>;

// A value as it stands in a field: as it is, or =?base64?...?= where it would not survive there.
std::string encode_header_value(std::string_view value);
// kMalformed: octets that may not stand there, or no base64 between the markers.
Result<std::string> decode_header_value(std::string_view value);

// An argument of a tool that is mirrored into a field.
struct ParamHeader {
  std::string name;               // of the field, without Mcp-Param-
  std::vector<std::string> path;  // of properties, from the arguments down
};
// Of a tool's input schema. kMalformed: the definition breaks the rules for x-mcp-header, and may not be offered.
Result<std::vector<ParamHeader>> param_headers(const json::Value& input_schema);

// What is wrong with the fields of a modern request or notification; nothing: they fit. An error is HeaderMismatch.
std::optional<RpcError> check_headers(const Message& message, const HeaderLookup& header);
// And with those that mirror arguments of tools/call.
std::optional<RpcError> check_param_headers(const Message& message, const std::vector<ParamHeader>& params,
                                            const HeaderLookup& header);

// The fields a modern client sends with a message.
struct HeaderField {
  std::string name, value;
};
std::vector<HeaderField> headers_of(const Message& message, const std::vector<ParamHeader>& params);

}  // namespace agentos::mcp
