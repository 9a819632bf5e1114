// RemoteServer: a server that is reached by streamable HTTP, as one that speaks a line a message.
//
// Messages of the client go out as they come, each as a POST; what the server says comes back as lines, in the order of
// each stream. A legacy server has a session and a stream of its own that GET opens; streams that break are resumed. A
// modern one has neither: taking a request back closes its answer, and what its tools want in fields is put there. A
// message the server must have before the next (a notification, an answer) holds the others back until it is taken.
// On the loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mcp/event_stream.h"
#include "lib/mcp/remote/http_call.h"

namespace agentos::mcp_remote {

class RemoteServer : public std::enable_shared_from_this<RemoteServer> {
 public:
  static constexpr std::size_t kCallsMax = 512;
  static constexpr std::size_t kHeldMax = 1024;  // messages that wait for one before them
  static constexpr std::size_t kToolsMax = 4096;
  static constexpr int kResumesMax = 5;  // of one stream, in a row without an event
  static constexpr std::int64_t kRetryMs = 1000, kRetryMsMax = 30'000;

  struct Client {
    std::function<void(std::string_view line)> say;  // a line without its end
    std::function<void(const std::string& why)> lost;
  };
  // `fields` go with every request.
  RemoteServer(io::Loop& loop, const tls::ClientContext* tls, Url url, std::vector<mcp::HeaderField> fields,
               Client client)
      : loop_(loop), tls_(tls), url_(std::move(url)), fields_(std::move(fields)), client_(std::move(client)) {}

  void take(std::string_view line);
  // The client has gone: ends the session, then calls `done`.
  void end(std::function<void()> done);

 private:
  struct Call {
    std::shared_ptr<HttpCall> http;
    mcp::Id id;
    std::string method;  // of the request; empty: the stream of GET, or no request
    bool holds = false;
    bool modern = false;
    bool answered = false;
    enum class Body : std::uint8_t { kIgnored, kJson, kEvents, kError } body = Body::kIgnored;
    int status = 0;
    std::string text;
    mcp::EventReader events;
    std::string last_event;
    std::int64_t retry_ms = kRetryMs;
    int resumes = 0;
  };

  void send_held();
  void send(mcp::Message message, std::string line);
  std::vector<mcp::HeaderField> fields_of(const mcp::Message& message, bool modern) const;
  HttpCall::Listener listener_of(std::uint64_t number);
  void head(std::uint64_t number, const Response& response);
  void body(std::uint64_t number, std::string_view octets);
  void ended(std::uint64_t number, const Status& status);
  void say(Call& call, std::string_view text);
  void refuse(const Call& call, std::string message);
  void learn(Call& call, mcp::Message& answer, std::string& line);
  void listen(const std::string& last_event);
  bool resume(Call& call);
  void cancel(const mcp::Message& message, bool modern);

  io::Loop& loop_;
  const tls::ClientContext* tls_;
  const Url url_;
  const std::vector<mcp::HeaderField> fields_;
  Client client_;
  std::string session_, version_;
  std::map<std::uint64_t, Call> calls_;
  std::uint64_t next_ = 1;
  std::uint64_t holding_ = 0;  // the call others wait for; 0: none
  std::deque<std::pair<mcp::Message, std::string>> held_;
  std::map<std::string, std::vector<mcp::ParamHeader>, std::less<>> rules_;
  std::uint64_t listening_ = 0;
  bool ending_ = false;
};

}  // namespace agentos::mcp_remote
