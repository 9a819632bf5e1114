// Session: one client of the revisions that begin with `initialize` (2025-03-26 to 2025-11-25), and its server side.
//
// Each message of the server side goes to one stream: an answer to that of its request; progress and what is asked or
// logged while a request is worked on to that request's; everything else to the stream that GET opens. An answer that
// comes first and alone is the body of the POST; anything else makes a stream of events of it. Streams can be resumed
// within Limits. A second GET takes the place of the first. On the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/io/loop.h"
#include "lib/mcp/message.h"
#include "lib/mcp/revision.h"
#include "server/mcp_door/http/event_log.h"
#include "server/mcp_door/http/guard.h"
#include "server/mcp_door/http/pipe.h"

namespace agentos::mcp_http {

struct Context {
  io::Loop& loop;
  const Clock& clock;
  const Limits& limits;
  const Guard& guard;
  std::int64_t now_ms() const { return clock.monotonic_ns() / 1'000'000; }
};

using Fields = std::vector<std::pair<std::string, std::string>>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  struct Owner {
    std::function<void(Session&)> ready;  // it was initialized
    std::function<void(Session&)> ended;  // last of all
  };
  Session(const Context& context, std::string id, std::shared_ptr<Pipe> pipe, Owner owner);
  ~Session();

  // `line` is the message `initialize`, with its end; its answer decides whether there is a session.
  void initialize(std::shared_ptr<Exchange> exchange, const mcp::Message& message, std::string_view line);

  // What was posted, as messages and as the line they came from.
  void post(std::shared_ptr<Exchange> exchange, const std::vector<mcp::Message>& messages, std::string_view line);
  void listen(std::shared_ptr<Exchange> exchange);  // GET
  void end(std::string_view why);
  void tick(std::int64_t now_ms);

  const std::string& id() const { return id_; }
  mcp::Revision revision() const { return revision_; }
  bool is_ready() const { return ready_; }

 private:
  // A POST that has requests in it, and what is said on it.
  struct Stream {
    explicit Stream(EventLog own) : log(std::move(own)) {}
    EventLog log;
    std::set<std::string> unanswered;   // ids
    std::shared_ptr<Exchange> waiting;  // nothing was said yet
    std::int64_t since_ms = 0;
    bool works = false;  // on something a server may ask or tell about
    bool batch = false;
    bool lost = false;  // its client went before it was told an event's id
  };

  void take_line(std::string_view line);
  void take_message(const mcp::Message& message, std::string_view line);
  void answered(const std::string& key, std::string_view line);
  void initialized(std::string_view line, bool error);
  void say(Stream& stream, std::string_view line);
  void begin(Stream& stream);
  void complete(std::uint64_t number);
  void cancelled(const mcp::Message& message);
  bool admit(const std::shared_ptr<Exchange>& exchange, const std::vector<mcp::Message>& messages);
  Stream* working();
  Stream* stream_of(const std::string& key, const std::map<std::string, std::uint64_t, std::less<>>& in);
  void say_apart(std::string_view line);
  void resume(std::shared_ptr<Exchange> exchange, std::string_view last);
  void prune();
  Fields fields_of(const Exchange& exchange) const;
  bool primes() const { return revision_ >= mcp::Revision::k2025_11_25; }

  const Context& context_;
  const std::string id_;
  const std::shared_ptr<Pipe> pipe_;
  Owner owner_;
  mcp::Revision revision_ = mcp::Revision::k2025_03_26;
  bool ready_ = false;
  bool ended_ = false;
  std::string initialize_key_;
  std::shared_ptr<Exchange> initializing_;
  EventLog apart_;                           // what GET hears: stream 0
  std::map<std::uint64_t, Stream> streams_;  // by number
  std::uint64_t next_stream_ = 1;
  std::map<std::string, std::uint64_t, std::less<>> requests_;  // streams by id
  std::map<std::string, std::uint64_t, std::less<>> progress_;  // streams by progress token
  std::map<std::string, std::uint64_t, std::less<>> asked_;     // streams by id of the server's request
  std::int64_t used_ms_ = 0;
};

}  // namespace agentos::mcp_http
