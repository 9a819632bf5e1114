// Status line and framing.
#include "lib/egress/response_head.h"

namespace agentos::egress {
namespace {

constexpr int kNoContent = 204, kNotModified = 304, kSwitching = 101;

std::string_view reason_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 413:
      return "Content Too Large";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Refused";
  }
}

}  // namespace

Result<ResponseHead> read_response_head(std::string_view head, std::string_view method) {
  HeadLines lines = TRY(read_head_lines(head));
  const std::string_view line = lines.first;
  constexpr std::size_t kStatusAt = 9, kReasonAt = 13;
  const bool shaped = line.size() >= kStatusAt + 3 &&
                      (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) &&
                      (line.size() == kReasonAt - 1 || line[kReasonAt - 1] == ' ');
  if (!shaped) return fail(ErrorCode::kMalformed, "the server's status line is not HTTP/1.1");
  ResponseHead out;
  for (std::size_t i = kStatusAt; i < kStatusAt + 3; ++i) {
    if (line[i] < '0' || line[i] > '9') return fail(ErrorCode::kMalformed, "the server's status is not a number");
    out.status = out.status * 10 + (line[i] - '0');
  }
  if (out.status < 100 || out.status > 599) return fail(ErrorCode::kMalformed, "the server's status has no meaning");
  if (out.status == kSwitching) {
    return fail(ErrorCode::kMalformed, "the server changes the protocol, which was not asked for");
  }
  if (line.size() > kReasonAt) out.reason = line.substr(kReasonAt);
  out.interim = out.status < 200;
  const Framing stated = TRY(stated_framing(lines.fields, out.length));
  const bool empty = out.interim || out.status == kNoContent || out.status == kNotModified || method == "HEAD";
  out.framing = empty ? Framing::kNone : (stated == Framing::kNone ? Framing::kUntilClose : stated);
  out.keeps_open = line.starts_with("HTTP/1.1") && out.framing != Framing::kUntilClose;
  for (const Field& field : lines.fields) {
    if (same_name(field.name, "Connection") && same_name(field.value, "close")) out.keeps_open = false;
  }
  out.fields = std::move(lines.fields);
  return out;
}

std::string write_response_head(const ResponseHead& response, Afterwards afterwards) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out.append(response.reason).append("\r\n");
  for (const Field& field : response.fields) {
    if (is_hop_by_hop(response.fields, field.name)) continue;
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (!response.interim && afterwards == Afterwards::kCloses) out += "Connection: close\r\n";
  out += "\r\n";
  return out;
}

std::string plain_answer(int status, std::string_view body, Afterwards afterwards) {
  std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
  out.append(reason_of(status)).append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ");
  out.append(std::to_string(body.size())).append("\r\nX-AgentOS: refused\r\n");
  if (afterwards == Afterwards::kCloses) out += "Connection: close\r\n";
  return out.append("\r\n").append(body);
}

}  // namespace agentos::egress
