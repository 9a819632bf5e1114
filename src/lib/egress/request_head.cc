// Request line, target, and what the fields say about both.
#include "lib/egress/request_head.h"

#include "lib/canonical/url.h"
#include "lib/egress/path_spelling.h"

namespace agentos::egress {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kPortMax = 65535;
// A spelling of a path that servers read in different ways is no path to decide on.
constexpr std::uint32_t kRefusedOddities =
    canonical::kUrlTrimmed | canonical::kUrlBreaksRemoved | canonical::kUrlSlashes | canonical::kUrlBackslash |
    canonical::kUrlManyAt | canonical::kUrlAtBehindHost | canonical::kUrlEncodedControl | canonical::kUrlBareSpace;

struct RequestLine {
  std::string_view method, target;
  bool old = false;  // HTTP/1.0
};

Result<RequestLine> read_request_line(std::string_view line) {
  RequestLine out;
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return fail(ErrorCode::kMalformed, "the request line has not three parts");
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(out.method) || out.method.size() > kMethodBytesMax) {
    return fail(ErrorCode::kMalformed, "the method is not a short word");
  }
  for (const char c : out.target) {
    if (c <= ' ' || c == 0x7f) return fail(ErrorCode::kMalformed, "the target has an octet that is not ASCII text");
  }
  out.old = version == "HTTP/1.0";
  if (!out.old && version != "HTTP/1.1") return fail(ErrorCode::kMalformed, "the version is not HTTP/1.1");
  return out;
}

Status take_url(std::string_view text, RequestHead& out) {
  std::string scratch;
  const canonical::Url url = TRY(canonical::read_url(text, scratch));
  if (url.scheme != "http") {
    return fail(ErrorCode::kUnsupported, "only http is asked of a proxy in plain text", "use CONNECT for https");
  }
  if (url.has_userinfo || url.has_fragment || (url.oddities & kRefusedOddities) != 0) {
    return fail(ErrorCode::kMalformed, "the target is spelled in a way that servers read differently: " +
                                           canonical::describe_url_oddities(url.oddities));
  }
  if (const char* why = hidden_way(url.path); why != nullptr) {
    return fail(ErrorCode::kMalformed, why, "write the path as the server is to see it");
  }
  out.host = url.host.text();
  out.port = url.port;
  out.path = url.path;
  if (url.has_query) (out.path += '?') += url.query;
  if (out.path.size() > kPathBytesMax) return fail(ErrorCode::kTooLarge, "the path is too long");
  return {};
}

Status take_target(const RequestLine& line, const Field* host, RequestHead& out) {
  if (line.method == "CONNECT") {
    out.form = TargetForm::kAuthority;
    const Authority authority = TRY(read_authority(line.target, 0));
    out.host = authority.host;
    out.port = authority.port;
    return {};
  }
  if (line.target.starts_with('/')) {
    out.form = TargetForm::kOrigin;
    if (host == nullptr) return fail(ErrorCode::kMalformed, "there is no Host");
    const Authority authority = TRY(read_authority(host->value, kHttpPort));
    return take_url("http://" + write_authority(authority.host, authority.port, kHttpPort) + std::string(line.target),
                    out);
  }
  out.form = TargetForm::kAbsolute;
  return take_url(line.target, out);
}

}  // namespace

Result<Authority> read_authority(std::string_view text, std::uint16_t port_default) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  Authority out;
  out.port = port_default;
  std::string_view name = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    std::uint32_t port = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return fail(ErrorCode::kMalformed, "the port is not a number");
      port = port * 10 + static_cast<std::uint32_t>(c - '0');
      if (port > kPortMax) break;
    }
    if (digits.empty() || digits.size() > 5 || port == 0 || port > kPortMax) {
      return fail(ErrorCode::kMalformed, "the port is not between 1 and 65535");
    }
    out.port = static_cast<std::uint16_t>(port);
  }
  if (out.port == 0) return fail(ErrorCode::kMalformed, "the port is missing");
  if (name.starts_with('[') != name.ends_with(']')) return fail(ErrorCode::kMalformed, "a bracket is missing");
  const canonical::Host host = TRY(canonical::read_host(name));
  out.host = host.text();
  return out;
}

std::string write_authority(std::string_view host, std::uint16_t port, std::uint16_t port_default) {
  std::string out;
  if (host.find(':') != std::string_view::npos) {
    out.append("[").append(host).append("]");
  } else {
    out = host;
  }
  if (port != port_default) out.append(":").append(std::to_string(port));
  return out;
}

Result<RequestHead> read_request_head(std::string_view head) {
  HeadLines lines = TRY(read_head_lines(head));
  const RequestLine line = TRY(read_request_line(lines.first));
  RequestHead out;
  out.method = line.method;
  const Field* host = TRY(only_field(lines.fields, "Host"));
  if (host == nullptr && !line.old) return fail(ErrorCode::kMalformed, "there is no Host");
  TRY(take_target(line, host, out));
  if (host != nullptr && out.form != TargetForm::kOrigin) {
    const std::uint16_t port = out.form == TargetForm::kAuthority ? out.port : kHttpPort;
    const Authority named = TRY(read_authority(host->value, port));
    if (named.host != out.host || named.port != out.port) {
      return fail(ErrorCode::kMalformed, "Host names another server than the target");
    }
  }
  out.framing = TRY(stated_framing(lines.fields, out.length));
  if (line.old && out.framing == Framing::kChunked) {
    return fail(ErrorCode::kMalformed, "HTTP/1.0 has no Transfer-Encoding");
  }
  if (out.form == TargetForm::kAuthority && out.framing != Framing::kNone) {
    return fail(ErrorCode::kMalformed, "CONNECT has no body");
  }
  out.keeps_open = !line.old;
  for (const Field& field : lines.fields) {
    if (overrides_request_line(field.name)) {
      return fail(ErrorCode::kMalformed,
                  "the field " + std::string(field.name) + " asks for another method or path than the first line says",
                  "send the method and path that are meant");
    }
    if ((same_name(field.name, "Connection") || same_name(field.name, "Proxy-Connection")) &&
        same_name(field.value, "close")) {
      out.keeps_open = false;
    }
  }
  out.fields = std::move(lines.fields);
  return out;
}

std::string write_request_head(const RequestHead& request, std::string_view authority, const Injection& injection) {
  std::string out;
  out.reserve(512);
  out.append(request.method).append(" ").append(request.path);
  if (!injection.query.empty()) {
    out.append(request.path.find('?') == std::string::npos ? "?" : "&").append(injection.query);
  }
  out.append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
  for (const Field& field : request.fields) {
    if (same_name(field.name, "Host") || is_hop_by_hop(request.fields, field.name)) continue;
    if (!injection.name.empty() && same_name(field.name, injection.name)) continue;
    // A secret that a server repeats is looked for in a whole answer, and as it is.
    if (injection.plain_answer && (same_name(field.name, "Accept-Encoding") || same_name(field.name, "Range") ||
                                   same_name(field.name, "If-Range"))) {
      continue;
    }
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  if (injection.plain_answer) out += "Accept-Encoding: identity\r\n";
  if (!injection.name.empty()) out.append(injection.name).append(": ").append(injection.value).append("\r\n");
  out += "\r\n";
  return out;
}

}  // namespace agentos::egress
