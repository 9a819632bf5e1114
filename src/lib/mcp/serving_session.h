// ServingSession: the server's side of one connection as a state machine, for clients of both eras at once.
//
// Messages go in, what they ask for comes out; nothing is sent or waited for here. A request of a modern client says
// its revision and capabilities itself; a legacy client says them once, in `initialize`, and everything but `ping` is
// refused before. The machine answers what is the protocol's alone (ping, versions, what does not fit) into `out`;
// what needs an answer from somewhere else is handed to the caller with all that is needed to write it. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "lib/mcp/message.h"
#include "lib/mcp/metadata.h"
#include "lib/mcp/revision.h"

namespace agentos::mcp {

// What a server says of itself.
struct ServerIdentity {
  json::Value info = json::Object{};
  json::Value capabilities = json::Object{};
  std::string instructions;
};

// A request of the client, with the manner its answer is written in.
struct Asked {
  Id id;
  std::string method;
  json::Value params;
  Revision revision = kNewestLegacy;
  ClientIdentity client;
  json::Value progress_token;  // null: no progress is wanted
  std::string log_level;
};

class ServingSession {
 public:
  static constexpr std::size_t kServerRequestsMax = 256;  // of ours, not answered yet

  struct Taken {
    enum class What : std::uint8_t {
      kNothing,       // answered, or of no interest
      kInitialize,    // asked: answer with initialized()
      kDiscover,      // asked: answer with discovered()
      kRequest,       // asked
      kCancelled,     // cancelled: the request it names
      kNotification,  // asked.method, asked.params
      kAnswer,        // answer: to a request of ours, by its ticket
    };
    What what = What::kNothing;
    Asked asked;
    Id cancelled;
    std::uint64_t ticket = 0;
    json::Value result;
    std::optional<RpcError> error;
  };

  Taken take(Message message, std::string& out);
  Batches batches() const;  // whether lines may be arrays now

  // Answers. Results are dressed for the revision of the request.
  void initialized(const Asked& asked, const ServerIdentity& server, std::string& out);
  static void discovered(const Asked& asked, const ServerIdentity& server, std::string& out);
  static void answer(const Asked& asked, json::Value result, const json::Value& server_info, std::string& out);
  static void answer_error(const Asked& asked, const RpcError& error, std::string& out);

  // A request of the server to a legacy client; 0: it cannot be carried (a modern client, or too many).
  std::uint64_t request(std::string_view method, const json::Value& params, std::string& out);
  void cancel_request(std::uint64_t ticket, std::string_view reason, std::string& out);

  bool is_legacy() const { return legacy_.has_value(); }
  std::optional<Revision> legacy_revision() const { return legacy_; }
  const ClientIdentity& legacy_client() const { return client_; }

 private:
  Taken take_request(Message message, std::string& out);
  Taken take_modern(Message message, std::string& out);
  Taken take_initialize(Message message, std::string& out);

  std::optional<Revision> legacy_;  // after initialize
  ClientIdentity client_;           // of a legacy client
  std::string legacy_log_level_;
  std::uint64_t next_ticket_ = 1;
  std::map<std::uint64_t, bool> waiting_;  // tickets
};

// Whether a client of `capabilities` can be asked `method` (sampling/createMessage, elicitation/create, roots/list).
bool client_can(const json::Value& capabilities, std::string_view method, const json::Value& params);

}  // namespace agentos::mcp
