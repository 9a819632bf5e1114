// The head of a response on its way to the client, and how its body ends. Source: RFC 9112 sections 4 and 6.3.
#pragma once

#include "lib/egress/head_fields.h"

namespace agentos::egress {

struct ResponseHead {
  int status = 0;
  bool interim = false;  // 1xx: another head follows
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;
  bool keeps_open = true;  // the server will read another request
  std::string_view reason;
  std::vector<Field> fields;  // views into the head
};

// `method` of the request it answers. kMalformed, kTooLarge.
Result<ResponseHead> read_response_head(std::string_view head, std::string_view method);

enum class Afterwards : std::uint8_t { kStaysOpen, kCloses };
// Without the fields of one hop; Connection says what the proxy will do.
std::string write_response_head(const ResponseHead& response, Afterwards afterwards);

// An answer of the proxy's own, with a sentence for a person as its body.
std::string plain_answer(int status, std::string_view body, Afterwards afterwards);

}  // namespace agentos::egress
