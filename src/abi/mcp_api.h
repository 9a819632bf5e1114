// What the MCP door and the kernel are to each other, beside the door's session: the client's end and its servers' end
// of one connection. No power is here: whatever has an effect is a call of the session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "abi/kernel_api.h"

namespace agentos::abi {

// One server as its client may know it now.
struct McpServerView {
  std::string name;
  bool known = false;    // what follows was told by the server, now or when it was pinned
  bool ready = false;    // it can be asked
  bool settled = false;  // ready, or it is known why not: waiting longer for it makes no sense
  bool modern = false;
  std::string trouble;
  json::Value info = json::Object{};
  json::Value capabilities = json::Object{};
  std::string instructions;
};

// The client's side. Called from any thread, with no lock held; must not block.
class McpPeer {
 public:
  virtual ~McpPeer() = default;
  // A server said something unasked.
  virtual void notified(const std::string& server, const std::string& method, json::Value params) = 0;
  // What the servers offer, or how they are, is another than before.
  virtual void servers_changed() = 0;
  // A server asks the client; it was decided and recorded. `done` exactly once, unless it is withdrawn().
  virtual void asked(const std::string& server, const std::string& method, json::Value params,
                     std::function<void(Result<json::Value>)> done, std::uint64_t question) = 0;
  virtual void withdrawn(std::uint64_t question) = 0;  // the server does not want to know any more
  // About the call that the session submitted with this token.
  virtual void progressed(std::uint64_t token, const json::Value& params) = 0;
  virtual void waits_for_approval(std::uint64_t token, const std::string& approval, std::int64_t expires_us) = 0;
};

class McpBackend {
 public:
  virtual ~McpBackend() = default;
  virtual void set_peer(std::weak_ptr<McpPeer> peer) = 0;
  virtual std::vector<McpServerView> servers() const = 0;
  // Who the client is; the conversation with the servers begins with the first call.
  virtual void greet(const json::Value& info, const json::Value& capabilities) = 0;
  // A request that `server` has made inside a result: decided and recorded as its own, then asked of the client.
  virtual void ask(const std::string& server, const std::string& method, json::Value params,
                   std::function<void(Result<json::Value>)> done) = 0;
  // Whether the client's own interface shows a person what waits for one, as whoever opened it said.
  virtual bool is_trusted_ui() const { return false; }
  // What that person said to an approval of this client. Without the trust nothing happens.
  virtual void answer_approval(const std::string& /*approval*/, bool /*granted*/) {}
  // Something the client said unasked: what may pass of it goes to the servers it concerns.
  virtual void notify(const std::string& method, const json::Value& params) = 0;
};

struct McpEndpoint {
  io::Fd input, output;
  std::shared_ptr<Session> session;  // of the agent the client is
  std::shared_ptr<McpBackend> backend;
};

// Where a client's descriptors go: implemented by the MCP door.
class McpAdopter {
 public:
  virtual ~McpAdopter() = default;
  virtual Status adopt(McpEndpoint endpoint) = 0;
};

}  // namespace agentos::abi
