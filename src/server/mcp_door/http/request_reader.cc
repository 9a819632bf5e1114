// See request_reader.h.
#include "server/mcp_door/http/request_reader.h"

#include <algorithm>
#include <array>

namespace agentos::mcp_http {
namespace {

constexpr std::size_t kTargetBytesMax = 8192;
constexpr std::size_t kBlankBytesMax = 4;  // empty lines before a request, RFC 9112 section 2.2

// What the endpoint goes by.
constexpr std::array<std::string_view, 9> kSingle = {"host",         "origin",         "authorization",
                                                     "content-type", "last-event-id",  "expect",
                                                     "connection",   "content-length", "transfer-encoding"};

bool is_single(std::string_view name) {
  if (name.size() > 4 && egress::same_name(name.substr(0, 4), "mcp-")) return true;
  return std::any_of(kSingle.begin(), kSingle.end(),
                     [name](std::string_view one) { return egress::same_name(name, one); });
}

bool is_target(std::string_view target) {
  return !target.empty() && target.front() == '/' && target.size() <= kTargetBytesMax &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

bool lists_word(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    std::string_view item = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), item.size() + 1));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (egress::same_name(item, word)) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (egress::same_name(key, name)) return value;
  }
  return std::nullopt;
}

RequestReader::Step RequestReader::refuse(int status, std::string what) {
  status_ = status;
  what_ = std::move(what);
  return Step::kRefused;
}

RequestReader::Step RequestReader::refuse(const Error& error) {
  const int too_large = at_ == At::kBody ? 413 : 431;
  return refuse(error.code == ErrorCode::kTooLarge ? too_large : 400, error.message);
}

RequestReader::Step RequestReader::read(std::string& input) {
  if (status_ != 0) return Step::kRefused;
  return at_ == At::kBody ? read_body(input) : read_head(input);
}

RequestReader::Step RequestReader::read_head(std::string& input) {
  if (at_ == At::kStart) {
    std::size_t blank = 0;
    while (blank < kBlankBytesMax && input.compare(blank, 2, "\r\n") == 0) blank += 2;
    input.erase(0, blank);
    if (input.empty() || input == "\r") return Step::kNeedMore;
    at_ = At::kHead;
  }
  const auto size = egress::head_size(input);
  if (!size) return refuse(size.error());
  if (*size > limits_.head_bytes || (*size == 0 && input.size() > limits_.head_bytes)) {
    return refuse(431, "the head of the request is longer than " + std::to_string(limits_.head_bytes) + " octets");
  }
  if (*size == 0) return Step::kNeedMore;
  const std::string head = input.substr(0, *size);
  input.erase(0, *size);
  auto lines = egress::read_head_lines(head);
  if (!lines) return refuse(lines.error());
  if (Status first = take_first_line(lines->first); !first) {
    return refuse(first.error().code == ErrorCode::kUnsupported ? 505 : 400, first.error().message);
  }
  for (const egress::Field& field : lines->fields) {
    if (!is_single(field.name)) continue;
    if (const auto only = egress::only_field(lines->fields, field.name); !only) return refuse(only.error());
  }
  const auto framing = egress::stated_framing(lines->fields, request_.length);
  if (!framing) return refuse(framing.error());
  request_.framing = *framing;
  for (const egress::Field& field : lines->fields) request_.fields.emplace_back(field.name, field.value);
  const std::string_view connection = request_.header("connection").value_or("");
  request_.keeps_open = request_.is_1_0 ? lists_word(connection, "keep-alive") : !lists_word(connection, "close");
  if (const auto expected = request_.header("expect")) {
    if (!egress::same_name(*expected, "100-continue")) return refuse(417, "only 100-continue can be expected");
    request_.expects_continue = !request_.is_1_0;
  }
  if (request_.is_1_0 && request_.framing == egress::Framing::kChunked) {
    return refuse(400, "HTTP/1.0 has no chunks");
  }
  meter_ = egress::BodyMeter(request_.framing, request_.length);
  body_.clear();
  at_ = At::kBody;
  return Step::kHead;
}

RequestReader::Step RequestReader::read_body(std::string& input) {
  const auto too_large = [this] {
    return refuse(413, "the body is longer than " + std::to_string(limits_.body_bytes) + " octets");
  };
  if (request_.length > limits_.body_bytes) return too_large();
  const auto taken = meter_.take_into(input, &body_);
  if (!taken) return refuse(taken.error());
  if (body_.size() > limits_.body_bytes) return too_large();
  input.erase(0, *taken);
  if (!meter_.done()) return Step::kNeedMore;
  at_ = At::kStart;
  return Step::kWhole;
}

Status RequestReader::take_first_line(std::string_view line) {
  request_ = {};
  const std::size_t space = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (space == std::string_view::npos || last == space) {
    return fail(ErrorCode::kMalformed, "the first line is no METHOD TARGET VERSION");
  }
  const std::string_view method = line.substr(0, space);
  std::string_view target = line.substr(space + 1, last - space - 1);
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    const bool http = version.starts_with("HTTP/");
    return fail(http ? ErrorCode::kUnsupported : ErrorCode::kMalformed, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  }
  if (!egress::is_token(method) || method.size() > 32) return fail(ErrorCode::kMalformed, "the method is no token");
  if (!is_target(target)) return fail(ErrorCode::kMalformed, "the target is no path of at most 8192 octets");
  request_.method = method;
  request_.is_1_0 = version == "HTTP/1.0";
  const std::size_t mark = target.find('?');
  request_.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request_.query = target.substr(mark + 1);
  return {};
}

}  // namespace agentos::mcp_http
