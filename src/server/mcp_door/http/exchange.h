// What stands between HTTP and MCP: a request that has come whole, and the ways to answer it.
//
// A request is answered once: whole, or as a stream of events that is begun, written to and finished. All of it on the
// loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lib/egress/head_fields.h"

namespace agentos::mcp_http {

// Bounds of the endpoint. Those of messages are lib/mcp's, those of heads lib/egress's.
struct Limits {
  std::size_t head_bytes = egress::kHeadBytesMax;       // 431 beyond it
  std::size_t body_bytes = std::size_t{4} << 20;        // 413 beyond it
  std::size_t connections = 256;                        // 503 beyond it
  std::size_t sessions = 64;                            // of clients that initialize; 503 beyond it
  std::size_t requests = 256;                           // under way, of one session or of all clients without one
  std::size_t streams_kept = 32;                        // of one session, to be resumed
  std::size_t events_kept = 256;                        // of one stream
  std::size_t event_bytes_kept = std::size_t{4} << 20;  // of one session
  std::size_t unsent_bytes = std::size_t{16} << 20;     // to one client or one server side; it is let go beyond it
  std::int64_t head_ms = 10'000;                        // for a request's head, from its first octet; 408 beyond it
  std::int64_t body_ms = 30'000;                        // for its body
  std::int64_t idle_ms = 75'000;                        // between requests of a connection
  std::int64_t stalled_ms = 60'000;                     // with something to send that is not taken
  std::int64_t session_idle_ms = 1'800'000;             // a session that nobody uses
  std::int64_t open_ms = 30'000;                        // for the server side to be there
  std::int64_t events_after_ms = 500;                   // an answer that takes longer becomes a stream of events
  std::int64_t comment_ms = 15'000;                     // between comments on a quiet stream
};

struct Request {
  std::string method;
  std::string path;   // as sent, without the query
  std::string query;  // behind the question mark
  std::vector<std::pair<std::string, std::string>> fields;
  egress::Framing framing = egress::Framing::kNone;
  std::uint64_t length = 0;
  bool keeps_open = true;
  bool is_1_0 = false;
  bool expects_continue = false;

  // The first field of that name; case does not matter. Fields that mean something to the endpoint stand once.
  std::optional<std::string_view> header(std::string_view name) const;
};

struct Answer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string type;  // of the body; empty: there is none
  std::string body;
  bool closes = false;  // the connection is of no more use
};

class Exchange {
 public:
  virtual ~Exchange() = default;
  const Request& request() const { return request_; }
  const std::string& body() const { return body_; }

  virtual void answer(Answer answer) = 0;
  virtual void begin_events(const std::vector<std::pair<std::string, std::string>>& fields) = 0;
  virtual void send_events(std::string_view octets) = 0;
  virtual void finish_events() = 0;
  virtual bool gone() const = 0;  // or answered

  // The client has gone and hears nothing any more. Once at most, and not after the answer.
  std::function<void()> on_gone;
  // The client sends nothing more: it may have gone, which shows only when something is sent to it.
  std::function<void()> on_input_end;

 protected:
  Exchange(Request request, std::string body) : request_(std::move(request)), body_(std::move(body)) {}

 private:
  const Request request_;
  const std::string body_;
};

// Who answers.
class Service {
 public:
  virtual ~Service() = default;
  // By its head alone, before a body is read; nothing: it may come.
  virtual std::optional<Answer> screen(const Request& request) = 0;
  virtual void serve(std::shared_ptr<Exchange> exchange) = 0;
  // Whenever some time has passed, about every 100 ms.
  virtual void tick(std::int64_t now_ms) = 0;
};

}  // namespace agentos::mcp_http
