// JSON-RPC 2.0 as the wire speaks it: one message a line of at most kLineBytesMax octets, no batches.
//
// Source: jsonrpc.org specification 2.0, narrowed: ids are integers within 2^53-1 or strings of at most 128 octets;
// params is an object or absent; unknown members are refused. Bounds are named here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "base/json/value.h"

namespace agentos::abi::rpc {

inline constexpr std::size_t kLineBytesMax = 1 << 20;                // the newline not counted
inline constexpr std::size_t kReplyBytesMax = kLineBytesMax - 1024;  // of a result; its frame and id take the rest
inline constexpr std::size_t kDepthMax = 32;
inline constexpr std::size_t kValuesMax = 50'000;
inline constexpr std::size_t kIdBytesMax = 128;
inline constexpr std::size_t kMethodBytesMax = 128;
inline constexpr std::size_t kInFlightMax = 256;  // requests of one connection not answered yet

using Id = std::variant<std::monostate, std::int64_t, std::string>;  // monostate: null, or a notification's absence

struct Message {
  enum class Kind : std::uint8_t { kRequest, kNotification, kResponse };
  Kind kind = Kind::kRequest;
  Id id;
  std::string method;  // request, notification
  json::Value params = json::Object{};
  json::Value result;  // response without error
  bool is_error = false;
  json::Value error;  // response with error: {"code","message","data"}
};

// What was wrong with a line, with as much of its id as could be read, so that it can be answered.
struct Rejected {
  Id id;
  Error error;  // malformed or invalid_request or too_large
};
std::expected<Message, Rejected> parse(std::string_view line);

// Each appends one line, newline included.
void write_request(std::string& out, const Id& id, std::string_view method, std::string_view params_json);
void write_notification(std::string& out, std::string_view method, std::string_view params_json);
void write_result(std::string& out, const Id& id, std::string_view result_json);
// {"code": <JSON-RPC>, "message": "<sentence of the message>", "data": {"error": "<name>", "code": <ABI>, "hint"?,
// ...extra}}
void write_error(std::string& out, const Id& id, const Error& error, const json::Object& extra = {});

// The Error a response carries, by its ABI code when it has one.
Error error_of(const json::Value& error);

}  // namespace agentos::abi::rpc
