// One pass over the lines, then questions about the fields.
#include "lib/egress/head_fields.h"

#include <array>

namespace agentos::egress {
namespace {

constexpr std::array<std::string_view, 9> kHopByHop = {
    "connection", "proxy-connection", "keep-alive",          "upgrade",           "te",
    "trailer",    "http2-settings",   "proxy-authorization", "proxy-authenticate"};
constexpr std::size_t kLengthDigitsMax = 15;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_octet(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Visible octets, space and tab; octets above 127 are opaque (obs-text).
bool is_value_octet(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return c == '\t' || (octet >= 0x20 && octet != 0x7f);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Result<Field> read_field(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return fail(ErrorCode::kMalformed, "a header line is folded");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return fail(ErrorCode::kMalformed, "a header line does not start with a name and a colon");
  }
  return Field{line.substr(0, colon), trimmed(line.substr(colon + 1))};
}

bool lists(std::string_view value, std::string_view name) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    if (same_name(trimmed(value.substr(0, comma)), name)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_octet(c)) return false;
  }
  return !text.empty();
}

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

Result<std::size_t> head_size(std::string_view octets) {
  const std::size_t end = octets.substr(0, kHeadBytesMax).find("\r\n\r\n");
  if (end != std::string_view::npos) return end + 4;
  if (octets.size() >= kHeadBytesMax) {
    return fail(ErrorCode::kTooLarge, "the head of the message is longer than " + std::to_string(kHeadBytesMax));
  }
  return std::size_t{0};
}

Result<HeadLines> read_head_lines(std::string_view head) {
  HeadLines out;
  for (bool first = true; !head.empty(); first = false) {
    const std::size_t end = head.find('\r');
    if (end == std::string_view::npos || end + 1 >= head.size() || head[end + 1] != '\n') {
      return fail(ErrorCode::kMalformed, "a line of the head does not end with CR LF");
    }
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    for (const char c : line) {
      if (!is_value_octet(c)) return fail(ErrorCode::kMalformed, "a control character stands in the head");
    }
    if (first) {
      if (line.empty()) return fail(ErrorCode::kMalformed, "the message starts with an empty line");
      out.first = line;
    } else if (line.empty()) {
      if (!head.empty()) return fail(ErrorCode::kMalformed, "the head has an empty line in it");
      return out;
    } else {
      if (out.fields.size() >= kFieldsMax) {
        return fail(ErrorCode::kTooLarge, "the head has more than " + std::to_string(kFieldsMax) + " fields");
      }
      out.fields.push_back(TRY(read_field(line)));
    }
  }
  return fail(ErrorCode::kMalformed, "the head has no end");
}

Result<const Field*> only_field(const std::vector<Field>& fields, std::string_view name) {
  const Field* found = nullptr;
  for (const Field& field : fields) {
    if (!same_name(field.name, name)) continue;
    if (found != nullptr) return fail(ErrorCode::kMalformed, "there is more than one " + std::string(name));
    found = &field;
  }
  return found;
}

Result<Framing> stated_framing(const std::vector<Field>& fields, std::uint64_t& length) {
  const Field* encoding = TRY(only_field(fields, "Transfer-Encoding"));
  const Field* size = TRY(only_field(fields, "Content-Length"));
  if (encoding != nullptr && size != nullptr) {
    return fail(ErrorCode::kMalformed, "both Content-Length and Transfer-Encoding are given");
  }
  if (encoding != nullptr) {
    if (!same_name(encoding->value, "chunked")) {
      return fail(ErrorCode::kMalformed, "Transfer-Encoding is not \"chunked\"");
    }
    return Framing::kChunked;
  }
  if (size == nullptr) return Framing::kNone;
  if (size->value.empty() || size->value.size() > kLengthDigitsMax) {
    return fail(ErrorCode::kMalformed, "Content-Length is not a number");
  }
  length = 0;
  for (const char c : size->value) {
    if (c < '0' || c > '9') return fail(ErrorCode::kMalformed, "Content-Length is not a number");
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return Framing::kLength;
}

bool is_hop_by_hop(const std::vector<Field>& fields, std::string_view name) {
  for (const std::string_view known : kHopByHop) {
    if (same_name(name, known)) return true;
  }
  // What says where a message ends and whom it is for is never taken away by a sender's list.
  for (const std::string_view kept : {"content-length", "transfer-encoding", "host"}) {
    if (same_name(name, kept)) return false;
  }
  for (const Field& field : fields) {
    if (same_name(field.name, "connection") && lists(field.value, name)) return true;
  }
  return false;
}

}  // namespace agentos::egress
