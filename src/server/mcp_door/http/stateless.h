// Stateless: all clients of the revisions without sessions (2026-07-28), over one server side.
//
// Every POST is by itself: its id and progress token are ours on the way in and the client's again on the way out, so
// that clients that know nothing of each other can share a stream. Closing the answer takes the request back. A call's
// Mcp-Param fields are held against the tool's definition, which is asked for before the first call; a list that takes
// longer than kRulesWaitMs holds no call back. On the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/mcp/http_headers.h"
#include "server/mcp_door/http/pipe.h"
#include "server/mcp_door/http/reply_head.h"
#include "server/mcp_door/http/session.h"

namespace agentos::mcp_http {

class Stateless : public std::enable_shared_from_this<Stateless> {
 public:
  static constexpr std::int64_t kRulesWaitMs = 2000;
  static constexpr std::size_t kToolsMax = 4096;  // whose rules are kept

  // Makes the server side when it is needed; `done` on the loop's thread.
  using Open = std::function<void(std::function<void(Result<io::Fd>)> done)>;
  Stateless(const Context& context, Open open) : context_(context), open_(std::move(open)) {}

  // A modern request whose fields fit it, as far as can be said without its tool.
  void request(std::shared_ptr<Exchange> exchange, mcp::Message message);
  void notification(const std::shared_ptr<Exchange>& exchange, const mcp::Message& message);
  void tick(std::int64_t now_ms);
  void end(std::string_view why);

 private:
  struct Flight {
    std::shared_ptr<Exchange> exchange;
    mcp::Message message;  // until it is sent
    bool sent = false;
    mcp::Id id;
    json::Value progress;  // token of the client; null: none
    bool logs = false;
    bool listens = false;
    bool begun = false;  // events
    std::int64_t since_ms = 0;
    std::int64_t said_ms = 0;
  };
  enum class State : std::uint8_t { kClosed, kOpening, kOpen };

  void open();
  void opened(Result<io::Fd> socket);
  void pass_on(std::uint64_t number);
  void ask_rules();
  void take_rules(std::string_view line);
  void release_calls();
  void take_line(std::string_view line);
  void take_notification(mcp::Message message, std::string_view line);
  void answered(std::uint64_t number, std::string_view line, const ReplyHead& head);
  void say(Flight& flight, std::string_view message);
  void begin(Flight& flight);
  void gone(std::uint64_t number);
  void fail_all(int status, std::string_view why);
  Fields fields_of(const Exchange& exchange) const;
  bool send_internal(std::uint64_t number, std::string_view method, json::Value params);

  const Context& context_;
  const Open open_;
  State state_ = State::kClosed;
  std::shared_ptr<Pipe> pipe_;
  std::int64_t state_since_ms_ = 0;
  std::int64_t used_ms_ = 0;
  std::map<std::uint64_t, Flight> flights_;
  std::uint64_t next_number_ = 1;
  std::map<std::string, std::vector<mcp::ParamHeader>, std::less<>> rules_;  // of tools that have some
  bool rules_known_ = false;
  std::uint64_t rules_request_ = 0;  // 0: none is under way
  std::uint64_t rules_listen_ = 0;
  std::int64_t rules_since_ms_ = 0;
};

}  // namespace agentos::mcp_http
