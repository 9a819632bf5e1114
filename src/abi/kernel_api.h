// KernelApi: what every door holds of the kernel. Typed structs in, typed structs out; no serialisation inside.
//
// A Session is one connection: whose it is was settled when it was opened and cannot be changed or claimed by a
// message. Doors decode nothing themselves: they hand over the method name and the parsed params, so that a request
// that does not decode is refused, and recorded, by the one dispatcher. Thread-safe unless stated otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi/calls.h"
#include "base/error.h"
#include "base/io/fd.h"
#include "base/json/value.h"

namespace agentos::abi {

struct CallOutput {
  Status status;
  const Row* row = nullptr;         // null when there is no such call
  std::shared_ptr<void> reply;      // the row's reply struct when status holds
  std::string reply_json;           // the same, encoded once (RFC 8785); doors send it as it is
  std::vector<io::Fd> descriptors;  // for mmap and attach
  json::Object denial;              // for error data: "rule", "reason", "retry", "approval"
};
using CallDone = std::function<void(CallOutput)>;

// Told to the connection without being asked.
struct Notification {
  std::string method;  // "notifications/signal"
  std::string params;  // JSON object
};

class Session {
 public:
  virtual ~Session() = default;  // closing the connection; ends what was bound to it

  // In-process form: blocks until answered. `request` and `reply` are the row's structs.
  virtual Status call(Call call, const void* request, void* reply, std::vector<io::Fd>* descriptors) = 0;

  // Wire form: `done` is called exactly once, from any thread, possibly before submit returns. `token` names the call
  // for cancel(). Descriptors that came with the request are consumed.
  virtual void submit(std::uint64_t token, std::string method, json::Value params, std::vector<io::Fd> descriptors,
                      CallDone done) = 0;
  virtual void cancel(std::uint64_t token) = 0;

  // A line that is no request at all was received: recorded as refused at step decode.
  virtual void reject(const Error& error) = 0;

  // `notify` may be called from any thread and must not block.
  virtual void on_notification(std::function<void(Notification)> notify) = 0;
  // Called once when the kernel ends this connection (the agent ended, the kernel shuts down).
  virtual void on_close(std::function<void()> close) = 0;

  virtual std::string agent() const = 0;  // empty for an operator

  template <class Request>
  Result<typename Request::Reply> call(const Request& request, std::vector<io::Fd>* descriptors = nullptr) {
    typename Request::Reply reply;
    if (Status status = call(kCallOf<Request>, &request, &reply, descriptors); !status) {
      return std::unexpected(status.error());
    }
    return reply;
  }
};

// Where a new connection's socket goes: implemented by the Unix door, absent in a kernel without doors.
class ConnectionAdopter {
 public:
  virtual ~ConnectionAdopter() = default;
  // Serves `socket` (this process's end) as `session` from now on.
  virtual Status adopt(io::Fd socket, std::shared_ptr<Session> session) = 0;
};

class McpAdopter;  // abi/mcp_api.h

// Who is at the other end of an operator connection, as the operating system says.
struct Peer {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
};

class KernelApi {
 public:
  virtual ~KernelApi() = default;
  // An operator's connection. Refused (unauthenticated) for another uid than the kernel's and for any process inside
  // an agent's tree; the refusal is recorded.
  virtual Result<std::shared_ptr<Session>> open_operator(const Peer& peer) = 0;
  // The door that serves sockets; set once before the first connection.
  virtual void set_adopter(ConnectionAdopter* adopter) = 0;
  // The door that speaks MCP with clients; set once, before the first mcp_open.
  virtual void set_mcp_adopter(McpAdopter*) {}
};

}  // namespace agentos::abi
