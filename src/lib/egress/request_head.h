// The head of a request as a client sends it to a proxy: absolute form, authority form (CONNECT) or, on a connection
// that was taken over, origin form. What it names is in canonical form, and only that is sent on.
// Source: RFC 9112 section 3.2, RFC 9110 sections 7.2 and 9.3.6.
#pragma once

#include "lib/egress/head_fields.h"

namespace agentos::egress {

inline constexpr std::size_t kMethodBytesMax = 32;
inline constexpr std::size_t kPathBytesMax = 8192;

enum class TargetForm : std::uint8_t { kOrigin, kAbsolute, kAuthority };

struct RequestHead {
  std::string method;
  TargetForm form = TargetForm::kOrigin;
  std::string host;  // canonical
  std::uint16_t port = 0;
  std::string path;  // canonical, with the query; empty for CONNECT
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;   // with kLength
  bool keeps_open = true;     // the client expects to send more on this connection
  std::vector<Field> fields;  // views into the head
};

// `head` is a whole head (head_size). kMalformed, kTooLarge; kUnsupported for a scheme that is not http.
Result<RequestHead> read_request_head(std::string_view head);

// "example.com:443", "[2001:db8::1]:443", with `port_default` where none is written (0: it must be). kMalformed.
struct Authority {
  std::string host;  // canonical, without brackets
  std::uint16_t port = 0;
};
Result<Authority> read_authority(std::string_view text, std::uint16_t port_default);
// As it stands in Host: with brackets, and without the port when it is `port_default`.
std::string write_authority(std::string_view host, std::uint16_t port, std::uint16_t port_default);

// What replaces or joins the fields of a request on its way out.
struct Injection {
  std::string name, value;    // a field that takes the place of the client's of that name; empty: none
  std::string query;          // "key=value" put behind the path; empty: none
  bool plain_answer = false;  // Accept-Encoding and ranges of the client are left out, and "identity" asked for
};
// The request in origin form for its server: our Host, no field of one hop, Connection as the proxy means it.
std::string write_request_head(const RequestHead& request, std::string_view authority, const Injection& injection);

}  // namespace agentos::egress
