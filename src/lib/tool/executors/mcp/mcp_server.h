// One MCP server of one principal, from its start to its end: spoken with over its standard streams, asked, listened
// to, started anew with growing pauses when it dies.
//
// Whatever the server does is bounded: a line (mcp::kLineBytesMax), what waits to be written to it (kOutboxBytesMax),
// requests under way (kPendingMax), definitions it lists (kDefinitionsMax), lines that are no messages
// (kGarbageLinesMax in a row end it), a line without an end (kSkippedBytesMax end it), how often its lists are read
// anew (kRelistMs), its answers' time. Every request is answered exactly once: by the server, at its
// deadline, on cancel(), or when the server ends. Thread-safe; callbacks come on the host's thread or inside the call
// that led to them, with no lock held.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/io/fd.h"
#include "lib/mcp/calling_session.h"
#include "lib/mcp/line_reader.h"
#include "lib/tool/executors/mcp/mcp_host.h"

namespace agentos::tool {

// What a server offers, as it says itself: whole lists, not pages.
struct McpCatalog {
  mcp::ServerIdentity server;
  mcp::Revision revision = mcp::kNewestLegacy;
  json::Array tools, prompts, resources, templates;
  std::size_t bytes = 0;  // of the lists as they came; what comes beyond kCatalogBytesMax is left
};

// The process behind a server. Its end is told once, to the `ended` it was started with.
class McpProcess {
 public:
  virtual ~McpProcess() = default;  // kills what is left of it
  virtual void end() = 0;           // asks nothing: the tree is killed
};
struct McpPipes {
  io::Fd server_input, server_output;  // its standard input and output
};
using McpStarter =
    std::function<Result<std::shared_ptr<McpProcess>>(McpPipes pipes, std::function<void(std::string why)> ended)>;

// How a request came out: a result, the server's own error, or an Error of ours (timed out, cancelled, closed, busy).
struct McpAnswer {
  json::Value result;
  std::optional<mcp::RpcError> rpc_error;
  std::optional<Error> error;
};

// An answer that is an Error of ours.
McpAnswer failed_with(ErrorCode code, std::string message, std::string hint = {});

inline constexpr std::int64_t kMcpNsPerMs = 1'000'000;

class McpServer : public std::enable_shared_from_this<McpServer> {
 public:
  static constexpr std::size_t kOutboxBytesMax = 8 << 20;
  static constexpr std::size_t kPendingMax = 1024;  // of clients; the catalogue's own come beside them, one at a time
  static constexpr std::size_t kDefinitionsMax = 2000;  // of one list
  static constexpr int kPagesMax = 200;
  static constexpr std::size_t kCatalogBytesMax = 16 << 20;  // of all lists; as much as a pin holds
  static constexpr int kGarbageLinesMax = 100;
  static constexpr std::size_t kSkippedBytesMax = 256 << 20;  // of a line that does not end; then the server does
  static constexpr std::int64_t kRelistMs = 1'000;            // between two catalogues, however often lists change
  static constexpr std::size_t kSliceBytes = 256 << 10;
  static constexpr std::int64_t kProbeMs = 3'000;
  static constexpr std::int64_t kHandshakeMs = 60'000;
  static constexpr std::int64_t kPauseMsMin = 200, kPauseMsMax = 30'000;
  static constexpr std::int64_t kSteadyMs = 60'000;  // up this long: the next pause is the smallest again

  struct Events {
    std::function<void(const McpCatalog&)> on_catalog;  // connected, or its lists changed
    std::function<void(std::string_view method, json::Value params)> on_notification;
    std::function<void(const mcp::Id& id, std::string method, json::Value params)> on_request;
    std::function<void(const mcp::Id& id)> on_request_cancelled;
    std::function<void(std::string why)> on_down;  // ended; it starts again by itself
    // Whether a request that waited for the first catalogue may go out now that it is known. Asked with the lock held.
    std::function<Status(std::string_view method, const json::Value& params)> may_send;
  };
  struct Request {
    std::string method;
    json::Value params = json::Object{};
    std::int64_t timeout_ms = 60'000;
    std::optional<mcp::ClientIdentity> client;  // for a modern server; default: the one of greet()
    std::string log_level;
    std::function<void(const json::Value& params)> on_progress;  // may be empty
    enum class Origin : std::uint8_t { kClient, kCatalog };
    Origin origin = Origin::kClient;  // a client's request waits until the first catalogue has been told
  };

  McpServer(std::string name, std::shared_ptr<McpHost> host, McpStarter starter, Events events);
  ~McpServer();

  // Starts the process; the conversation begins with greet(), when it is known for whom.
  Status start();
  void greet(mcp::ClientIdentity client, mcp::CallingSession::Era known);
  void stop();  // for good: everything under way is cancelled, the process ends

  // 0 when `done` was called already.
  std::uint64_t request(Request request, std::function<void(McpAnswer)> done);
  void cancel(std::uint64_t ticket, std::string_view reason);
  void notify(std::string_view method, const json::Value& params);
  void answer(const mcp::Id& id, const McpAnswer& answer);

  const std::string& name() const { return name_; }
  enum class State : std::uint8_t { kStopped, kStarting, kReady, kPausing, kRefused };
  State state() const;
  std::string trouble() const;  // why it is not ready, for people; empty: nothing is wrong

 private:
  struct Pending {
    std::function<void(McpAnswer)> done;
    std::function<void(const json::Value&)> on_progress;
    std::int64_t deadline_ns = 0;
    std::int64_t timeout_ms = 0;
    std::uint64_t sent = 0;  // the session's ticket; 0: waits for the handshake
    Request held;            // until sent
  };
  using Effects = std::vector<std::function<void()>>;  // run after the lock is released

  // What is read from one incarnation of the process; owned by the loop's watch.
  struct Reading {
    io::Fd output;
    mcp::LineReader reader;
    int garbage_lines = 0;
    std::uint64_t incarnation = 0;
  };
  // The loop's thread.
  void watch(const std::shared_ptr<Reading>& reading);
  bool readable(Reading& reading);  // false: it has come to its end
  void take_line(Reading& reading, std::string_view line, Effects& effects);
  void take_skipped(const Reading& reading, Effects& effects);
  void sweep();
  void list(std::size_t which, std::shared_ptr<McpCatalog> into, json::Value cursor, int page);
  void list_next(std::size_t which, std::shared_ptr<McpCatalog> into);
  void output_closed(std::uint64_t incarnation);
  void process_ended(std::uint64_t incarnation, std::string why);
  void restart();

  // Lock held.
  Status spawn_locked();
  void greet_locked();
  void send_locked(std::uint64_t ticket, Pending& pending);
  void flush_locked();
  void close_input_locked();
  void ready_locked(Effects& effects);
  void send_held_locked(Effects& effects);
  void arm_sweep_locked();
  void down_locked(std::string why, Effects& effects);
  void finish_locked(std::uint64_t ticket, McpAnswer answer, Effects& effects);
  void refresh_locked(Effects& effects);
  void lists_changed_locked(Effects& effects);
  void take_notification_locked(std::string method, json::Value params, Effects& effects);

  const std::string name_;
  const std::shared_ptr<McpHost> host_;
  const McpStarter starter_;
  const Events events_;

  mutable std::mutex mutex_;
  State state_ = State::kStopped;
  bool stopped_ = false;
  std::optional<mcp::ClientIdentity> client_;
  mcp::CallingSession::Era known_ = mcp::CallingSession::Era::kUnknown;
  std::optional<mcp::CallingSession> session_;
  std::uint64_t incarnation_ = 0;
  std::shared_ptr<McpProcess> process_;
  io::Fd input_;  // of the server: written to
  std::string outbox_;
  std::size_t sent_ = 0;
  bool writable_watched_ = false;
  std::map<std::uint64_t, Pending> pending_;        // by our ticket
  std::map<std::uint64_t, std::uint64_t> by_sent_;  // the session's ticket -> ours
  std::uint64_t next_ticket_ = 1;
  bool sweep_armed_ = false;
  std::int64_t pause_ms_ = kPauseMsMin;
  std::int64_t up_since_ns_ = 0;
  std::string trouble_;
  bool output_closed_ = false;
  std::optional<std::string> end_;  // why the process ended, once it has
  std::int64_t greeted_ns_ = 0;     // the handshake began
  bool listing_ = false, list_again_ = false;
  bool catalog_told_ = false;   // of this incarnation
  std::int64_t listed_ns_ = 0;  // when lists were last begun
  bool relist_armed_ = false;   // and they will be again
};

}  // namespace agentos::tool
