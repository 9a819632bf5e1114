// See answers.h.
#include "server/mcp_door/http/answers.h"

#include <array>
#include <utility>

namespace agentos::mcp_http {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 22> kReasons = {{
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

void write_fields(std::string& out, const std::vector<std::pair<std::string, std::string>>& fields) {
  for (const auto& [name, value] : fields) {
    out += name;
    out += ": ";
    for (const char c : value) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;  // nothing can add a field
    out += "\r\n";
  }
}

}  // namespace

std::string_view reason_of(int status) {
  for (const auto& [number, reason] : kReasons) {
    if (number == status) return reason;
  }
  return "Unknown";
}

std::string write_answer(const Answer& answer, Keep keep, bool head_only) {
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  out += reason_of(answer.status);
  out += "\r\n";
  write_fields(out, answer.fields);
  if (!answer.type.empty()) out += "Content-Type: " + answer.type + "\r\n";
  if (answer.status != 204) out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  out += keep == Keep::kOpen ? "\r\n" : "Connection: close\r\n\r\n";
  if (!head_only) out += answer.body;
  return out;
}

std::string write_events_head(const std::vector<std::pair<std::string, std::string>>& fields, Keep keep,
                              Chunks chunks) {
  std::string out = "HTTP/1.1 200 OK\r\n";
  write_fields(out, fields);
  out += "Content-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n";
  if (chunks == Chunks::kYes) out += "Transfer-Encoding: chunked\r\n";
  out += keep == Keep::kOpen ? "\r\n" : "Connection: close\r\n\r\n";
  return out;
}

void write_chunk(std::string& out, std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (octets.empty()) return;  // an empty chunk is the last
  std::string size;
  for (std::size_t left = octets.size(); left > 0; left >>= 4) size.insert(size.begin(), kDigits[left & 15]);
  out += size;
  out += "\r\n";
  out += octets;
  out += "\r\n";
}

Answer error_answer(int status, const mcp::RpcError& error, const mcp::Id& id) {
  Answer answer;
  answer.status = status;
  answer.type = kJson;
  mcp::write_error(answer.body, id, error);
  return answer;
}

Answer error_answer(int status, std::string message, const mcp::Id& id) {
  std::int64_t code = mcp::kInvalidRequest;
  if (status == 401 || status == 403) code = kRefusedCode;
  if (status >= 500) code = mcp::kInternalError;
  return error_answer(status, {code, std::move(message), {}}, id);
}

Answer json_answer(std::string_view line) {
  Answer answer;
  answer.type = kJson;
  answer.body = line;
  return answer;
}

}  // namespace agentos::mcp_http
