// CallingSession: the client's side of one connection as a state machine, for servers of either era.
//
// The era is found as the specification says for streams: first `server/discover`; a server that answers it is modern,
// one that answers anything else, or nothing in time, is asked to `initialize`. Nothing is sent or waited for here:
// messages go in, octets and what happened come out. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "lib/mcp/message.h"
#include "lib/mcp/metadata.h"
#include "lib/mcp/revision.h"
#include "lib/mcp/serving_session.h"

namespace agentos::mcp {

class CallingSession {
 public:
  enum class State : std::uint8_t { kFresh, kProbing, kInitializing, kReady, kRefused };

  struct Taken {
    enum class What : std::uint8_t {
      kNothing,
      kReady,         // the server is known: revision(), server()
      kRefused,       // it cannot be spoken with: error
      kAnswer,        // to the request of `ticket`: result or error
      kRequest,       // the server asks: id, method, params
      kNotification,  // method, params
      kCancelled,     // the server takes its request `id` back
    };
    What what = What::kNothing;
    std::uint64_t ticket = 0;
    Id id;
    std::string method;
    json::Value params;
    json::Value result;
    std::optional<RpcError> error;
  };

  explicit CallingSession(ClientIdentity client) : client_(std::move(client)) {}

  // Begins with a probe, or at once with what is known of the server from before.
  enum class Era : std::uint8_t { kUnknown, kLegacy, kModern };
  void start(Era known, std::string& out);
  // The probe got no answer in time: the server is taken for a legacy one.
  void probe_timed_out(std::string& out);
  Taken take(Message message, std::string& out);

  // Precondition: kReady. `progress`: whether notifications/progress with the ticket as their token are wanted.
  enum class Progress : std::uint8_t { kUnwanted, kWanted };
  std::uint64_t request(std::string_view method, json::Value params, Progress progress, std::string_view log_level,
                        std::string& out);
  // As `client` would make it; only of interest to a modern server.
  std::uint64_t request_as(const ClientIdentity& client, std::string_view method, json::Value params, Progress progress,
                           std::string_view log_level, std::string& out);
  void cancel(std::uint64_t ticket, std::string_view reason, std::string& out);
  void notify(std::string_view method, const json::Value& params, std::string& out);
  void answer(const Id& id, const json::Value& result, std::string& out);
  void answer_error(const Id& id, const RpcError& error, std::string& out);

  State state() const { return state_; }
  Revision revision() const { return revision_; }
  const ServerIdentity& server() const { return server_; }
  Batches batches() const { return has_batches(revision_) ? Batches::kAllowed : Batches::kRefused; }

 private:
  void initialize(std::string& out);
  Taken take_discovered(Message message, std::string& out);
  Taken take_initialized(Message message, std::string& out);

  ClientIdentity client_;
  State state_ = State::kFresh;
  Revision revision_ = kNewestLegacy;
  ServerIdentity server_;
  std::uint64_t next_ticket_ = 1;
  std::uint64_t handshake_ = 0;  // ticket of the probe or of initialize
};

}  // namespace agentos::mcp
