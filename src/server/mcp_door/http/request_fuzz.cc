// Octets as what a client sends: requests come the same whole and in pieces, none is larger than it may be, and what is
// written as an answer or an event can be read again.
#include <cstdint>
#include <string>

#include "base/error.h"
#include "lib/mcp/event_stream.h"
#include "lib/mcp/http_headers.h"
#include "server/mcp_door/http/event_log.h"
#include "server/mcp_door/http/reply_head.h"
#include "server/mcp_door/http/request_reader.h"

using namespace agentos;
using namespace agentos::mcp_http;

namespace {

struct Seen {
  std::string text;
  int status = 0;
};

Seen read_requests(std::string_view text, std::size_t piece, const Limits& limits) {
  RequestReader reader(limits);
  Seen seen;
  std::string input;
  for (std::size_t at = 0; at < text.size() && seen.status == 0; at += piece) {
    input += text.substr(at, piece);
    for (;;) {
      const auto step = reader.read(input);
      if (step == RequestReader::Step::kNeedMore) break;
      if (step == RequestReader::Step::kRefused) {
        seen.status = reader.status();
        break;
      }
      if (step == RequestReader::Step::kHead) continue;
      const Request request = reader.take_request();
      const std::string body = reader.take_body();
      CHECK(body.size() <= limits.body_bytes);
      seen.text += request.method + " " + request.path + "?" + request.query + "\n" + body + "\n";
    }
  }
  return seen;
}

void read_events(std::string_view text, std::size_t piece) {
  mcp::EventReader whole(256), pieces(256);
  mcp::Event event;
  std::size_t first = 0, second = 0;
  whole.feed(text);
  while (whole.next(event) == mcp::EventReader::Step::kEvent) ++first;
  bool too_long = false;
  for (std::size_t at = 0; at < text.size() && !too_long; at += piece) {
    pieces.feed(text.substr(at, piece));
    auto step = pieces.next(event);
    for (; step == mcp::EventReader::Step::kEvent; step = pieces.next(event)) ++second;
    too_long = step == mcp::EventReader::Step::kTooLong;
  }
  CHECK(first == second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + octets[0] % 31;
  const std::string_view text(reinterpret_cast<const char*>(octets) + 1, size - 1);
  Limits limits;
  limits.head_bytes = 1024;
  limits.body_bytes = 256;
  const Seen whole = read_requests(text, size, limits);
  const Seen pieces = read_requests(text, piece, limits);
  // A body that grows too large may be noticed at another octet; what came before it is the same.
  CHECK(whole.text.starts_with(pieces.text) || pieces.text.starts_with(whole.text));
  read_events(text, piece);
  if (const auto head = reply_head(text)) CHECK(reply_head(with_id(text, *head, head->id)).has_value());
  (void)read_event_id(text);
  if (const auto value = mcp::decode_header_value(text)) {
    CHECK(*mcp::decode_header_value(mcp::encode_header_value(*value)) == *value);
  }
  return 0;
}
