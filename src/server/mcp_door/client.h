// One MCP client of the door: its requests become calls of its session, what servers say and ask is carried to it in
// the manner of its era.
//
// Tools are run by exec, everything else by mcp_request; both are decided and recorded by the kernel. A server's
// request goes to a legacy client as a request, to a modern one in the result of the request it belongs to (MRTR): the
// call goes on meanwhile and is made once. A call that waits for a person is held for kHoldMs, then answered as
// pending, and found again by the same call. Bounds: kCallsMax under way, kParkedMax of them left by the client,
// kOutboxBytesMax unsent. Thread-safe; the lock is not held while others are called.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "abi/kernel_api.h"
#include "abi/mcp_api.h"
#include "base/clock.h"
#include "base/io/loop.h"
#include "lib/mcp/line_reader.h"
#include "lib/mcp/serving_session.h"

namespace agentos::mcp_door {

class Client final : public abi::McpPeer, public std::enable_shared_from_this<Client> {
 public:
  static constexpr std::size_t kCallsMax = 256;
  static constexpr std::size_t kCallsBytesMax = 16 << 20;  // of the lines they came in; kept several times over
  static constexpr std::size_t kParkedMax = 128;
  static constexpr std::size_t kOutboxBytesMax = 16 << 20;
  static constexpr std::size_t kSubscriptionsMax = 64;
  static constexpr std::int64_t kHoldMs = 20'000;  // a call that waits for a person keeps its client waiting
  static constexpr std::int64_t kHoldProgressMs = 5'000;
  static constexpr std::int64_t kParkedMs = 900'000;   // an outcome nobody fetched is forgotten
  static constexpr std::int64_t kFirstWaitMs = 400;    // for a server nothing is known of, before the first answer
  static constexpr std::int64_t kListWaitMs = 30'000;  // for a server that is starting, before lists and calls
  static constexpr int kInputRoundsMax = 16;           // a server may ask for input in one call

  static Result<std::shared_ptr<Client>> make(io::Loop& loop, const Clock& clock, abi::McpEndpoint endpoint);
  ~Client() override;

  void start(std::function<void()> on_end);  // the loop's thread
  void close();                              // the loop's thread

  void notified(const std::string& server, const std::string& method, json::Value params) override;
  void servers_changed() override;
  void asked(const std::string& server, const std::string& method, json::Value params,
             std::function<void(Result<json::Value>)> done, std::uint64_t question) override;
  void withdrawn(std::uint64_t question) override;
  void progressed(std::uint64_t token, const json::Value& params) override;
  void waits_for_approval(std::uint64_t token, const std::string& approval, std::int64_t expires_us) override;

 private:
  Client(io::Loop& loop, const Clock& clock, abi::McpEndpoint endpoint);

  // A server's request on its way to a modern client, in the answer of a request it has made.
  struct Input {
    std::string key;
    std::string method;
    json::Value params;
    std::function<void(Result<json::Value>)> done;
    bool sent = false;
    std::uint64_t question = 0;  // 0: of our own
  };
  struct Question {
    std::function<void(Result<json::Value>)> done;
    std::uint64_t number = 0;
  };
  // A request of the client that became a call of the session.
  struct Call {
    std::uint64_t token = 0;
    std::optional<mcp::Asked> asked;  // nothing: the client has its answer (pending, or input wanted) and may come back
    std::string key;                  // what makes a retry the same call
    std::size_t bytes = 0;            // of the line it came in
    std::string server;               // empty: not known, as of a tool of several servers
    std::string row;                  // exec, mcp_request
    json::Value request;              // of the row, kept while the server may ask for input
    std::string state;                // requestState the client was given; empty: none
    std::list<Input> inputs;
    int input_rounds = 0;
    std::size_t inputs_left = 0;  // of the server's own round
    json::Object input_responses;
    std::string server_state;
    std::string approval;  // it waits for a person
    std::int64_t approval_expires_us = 0;
    std::string asked_in_ui;  // the approval the client's own person was asked about
    io::Loop::TimerId timer = 0;
    std::int64_t held_ms = 0;
    std::optional<abi::CallOutput> outcome;  // it is over, and nobody was there to be told
  };
  struct Subscription {
    mcp::Asked asked;
    bool tools = false, prompts = false, resources = false;
    std::set<std::string, std::less<>> uris;
  };
  using Effects = std::vector<std::function<void()>>;

  // client.cc: the stream.
  bool readable();
  std::shared_ptr<abi::Session> session_of() const;  // null: it has ended
  void take_line(std::string_view line, Effects& effects);
  void take_message(mcp::Message message, Effects& effects);
  void flush_locked();
  void end_locked();

  // client_requests.cc: what is asked.
  void take_request(mcp::Asked asked, Effects& effects);
  void identify(mcp::Asked asked, bool initialize, Effects& effects);
  void call_tool(mcp::Asked asked, Effects& effects);
  void submit_call(mcp::Asked asked, Effects& effects);
  void list_tools(mcp::Asked asked, Effects& effects);
  void wait_for_servers(mcp::Asked asked, const std::string& server, Effects& effects);
  void submit_list(mcp::Asked asked);

  // client_subscriptions.cc: what is told unasked.
  void listen(mcp::Asked asked, Effects& effects);
  void subscribe_locked(const std::string& uri, Effects& effects);
  void unsubscribe_locked(const std::string& uri, Effects& effects);
  mcp::ServerIdentity identity() const;
  enum class Enough : std::uint8_t { kKnown, kSettled };
  bool servers_are(Enough enough) const;
  using Views = std::shared_ptr<const std::vector<abi::McpServerView>>;
  Views views() const;  // as servers_changed() found them
  std::uint64_t fresh_token();
  struct Waiting {
    enum class Why : std::uint8_t { kInitialize, kDiscover, kList, kCall } why = Why::kList;
    mcp::Asked asked;
    std::string server;  // whose tool is called
    std::int64_t until_ns = 0;
    bool known = false;  // what the server offers
  };
  void run_waiting();
  void answer_waiting(Waiting one, Effects& effects);
  std::string server_of(const mcp::Asked& asked) const;
  bool is_known(const std::string& server) const;
  json::Value server_info() const;

  // client_lists.cc: lists of several servers as one.
  void list_of_all(mcp::Asked asked, std::string key, Effects& effects);
  void list_page(const std::string& server, const std::string& method, const std::string& key, json::Value cursor,
                 int page, std::function<void(json::Array)> done);
  std::string owner_of(const std::string& uri) const;

  // client_calls.cc: calls under way.
  void call(mcp::Asked asked, std::string row, std::string server, json::Value request, Effects& effects);
  bool attach_locked(mcp::Asked& asked, const std::string& key, Effects& effects);
  void submit(std::uint64_t token, std::string row, json::Value request, Effects& effects);
  void completed(std::uint64_t token, abi::CallOutput output);
  void answer_locked(Call& call, abi::CallOutput output);
  void forget_locked(std::uint64_t token);
  void cancel(const mcp::Id& id, Effects& effects);

  // client_approvals.cc: calls that wait for a person.
  void ask_own_person(std::uint64_t token);
  void hold_over(std::uint64_t token);
  void write_progress_locked(const mcp::Asked& asked, const json::Value& params);

  // client_inputs.cc: servers that want input.
  bool wants_input_locked(Call& call, json::Value& result, Effects& effects);
  void input_given(std::uint64_t token, const std::string& key, Result<json::Value> result);
  void continue_locked(Call& call, Effects& effects);
  void offer_inputs(std::uint64_t token);

  io::Loop& loop_;
  const Clock& clock_;
  const std::shared_ptr<abi::McpBackend> backend_;
  std::function<void()> on_end_;

  mutable std::mutex mutex_;
  std::shared_ptr<abi::Session> session_;
  io::Fd input_, output_;
  std::string outbox_;
  std::size_t sent_ = 0;
  bool writable_watched_ = false;
  bool ended_ = false;
  mcp::LineReader reader_;
  std::size_t line_bytes_ = 0;  // of the line being taken; the loop's thread
  mcp::ServingSession serving_;
  Views views_ = std::make_shared<const std::vector<abi::McpServerView>>();
  std::map<std::string, std::uint64_t, std::less<>> listens_;  // tokens of subscriptions at modern servers, by URI
  std::map<std::uint64_t, Call> calls_;
  std::uint64_t next_token_ = 1;
  std::map<std::uint64_t, Question> asked_;                 // by ticket of the legacy client's request
  std::map<std::string, Subscription> subscriptions_;       // by id as JSON
  std::deque<Waiting> waiting_;                             // for servers to be known
  std::map<std::string, std::string, std::less<>> owners_;  // of several servers' resources, by URI
  bool listed_ = false;                                     // the client has a list, so that it is told of changes
};

}  // namespace agentos::mcp_door
