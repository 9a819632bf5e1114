// Answers as octets, and errors as answers: an error's body is JSON-RPC's, so that every client can show it.
#pragma once

#include <string>
#include <string_view>

#include "lib/mcp/message.h"
#include "server/mcp_door/http/exchange.h"

namespace agentos::mcp_http {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kEvents = "text/event-stream";
inline constexpr std::int64_t kRefusedCode = -31000;  // outside of what JSON-RPC and MCP keep for themselves

std::string_view reason_of(int status);

// The head of an answer, and its body where it has one.
enum class Keep : std::uint8_t { kOpen, kClose };
std::string write_answer(const Answer& answer, Keep keep, bool head_only);
// The head of a stream of events; its body comes in chunks, or ends with the connection.
enum class Chunks : std::uint8_t { kYes, kNo };
std::string write_events_head(const std::vector<std::pair<std::string, std::string>>& fields, Keep keep, Chunks chunks);
void write_chunk(std::string& out, std::string_view octets);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

Answer error_answer(int status, const mcp::RpcError& error, const mcp::Id& id = {});
Answer error_answer(int status, std::string message, const mcp::Id& id = {});  // with a code that fits the status
Answer json_answer(std::string_view line);                                     // a message with or without its newline

}  // namespace agentos::mcp_http
