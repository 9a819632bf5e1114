// JSON-RPC 2.0 as MCP uses it: one message a line over a stream, bounded, members it does not know ignored.
//
// A line that is no message is told with as much of its id as could be read, so that it can be answered. Text that is
// written is one line: no newline can stand inside a JSON string. Source: jsonrpc.org, modelcontextprotocol.io.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json/value.h"

namespace agentos::mcp {

inline constexpr std::size_t kLineBytesMax = 4 << 20;  // of one message, the newline not counted
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kValuesMax = 200'000;
inline constexpr std::size_t kIdBytesMax = 256;
inline constexpr std::size_t kMethodBytesMax = 128;
inline constexpr std::size_t kBatchMax = 64;  // messages of one array (revision 2025-03-26)

// JSON-RPC codes, and those the specification of MCP defines.
inline constexpr std::int64_t kParseError = -32700;
inline constexpr std::int64_t kInvalidRequest = -32600;
inline constexpr std::int64_t kMethodNotFound = -32601;
inline constexpr std::int64_t kInvalidParams = -32602;
inline constexpr std::int64_t kInternalError = -32603;
inline constexpr std::int64_t kHeaderMismatch = -32020;
inline constexpr std::int64_t kMissingClientCapability = -32021;
inline constexpr std::int64_t kUnsupportedProtocolVersion = -32022;

using Id = std::variant<std::monostate, std::int64_t, std::string>;  // monostate: null or none

struct RpcError {
  std::int64_t code = kInternalError;
  std::string message;
  json::Value data;  // null: none
};

struct Message {
  enum class Kind : std::uint8_t { kRequest, kNotification, kResponse };
  Kind kind = Kind::kRequest;
  Id id;
  std::string method;                   // request, notification
  json::Value params = json::Object{};  // request, notification: always an object
  json::Value result;                   // response
  std::optional<RpcError> error;        // response
};

struct Rejected {
  Id id;
  RpcError error;
};

// The messages of one line: one, or those of an array when `batches` are allowed. An empty line is no message.
enum class Batches : std::uint8_t { kRefused, kAllowed };
std::expected<std::vector<Message>, Rejected> parse(std::string_view line, Batches batches);

// Each appends one line, newline included. An empty params or result object is written as it is.
void write_request(std::string& out, const Id& id, std::string_view method, const json::Value& params);
void write_notification(std::string& out, std::string_view method, const json::Value& params);
void write_result(std::string& out, const Id& id, const json::Value& result);
void write_error(std::string& out, const Id& id, const RpcError& error);

json::Value to_json(const Id& id);
std::optional<Id> id_of(const json::Value& value);  // nothing: not an id

}  // namespace agentos::mcp
