// Another protocol on a connection that a door serves. The door keeps the octets, the lines, the bounds and whose the
// connection is; the speaker has the words. It holds no power: whatever has an effect is a call of the connection's
// session. Everything here happens on the door's serving thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi/kernel_api.h"
#include "abi/rpc.h"

namespace agentos::abi {

// The connection, as its speaker has it.
class SpokenLine {
 public:
  virtual ~SpokenLine() = default;
  virtual std::string agent() const = 0;  // whose it is; empty for an operator
  // A call of the session. `done` comes once, unless the connection ends first. `request` is the id of the peer's
  // request the call belongs to. False: too many are under way, and `done` never comes.
  virtual bool submit(const rpc::Id& request, std::string row, json::Value params, CallDone done) = 0;
  virtual bool is_under_way(const rpc::Id& request) const = 0;
  virtual void cancel(const rpc::Id& request) = 0;  // all calls that belong to it; each ends as cancelled
  virtual void reject(const Error& error) = 0;      // records a line that was no request
  // Whole lines, newlines included, and descriptors that go with them.
  virtual void write(std::string_view lines, std::vector<io::Fd> descriptors) = 0;
};

class Speaker {
 public:
  virtual ~Speaker() = default;
  virtual void take(std::string_view line) = 0;
  virtual void too_long() = 0;  // a line beyond rpc::kLineBytesMax was skipped
  virtual void notified(const Notification& notification) = 0;
};

// Asked with the first request of a connection: null when it is not of the protocol.
using SpeakerMaker =
    std::function<std::unique_ptr<Speaker>(std::string_view method, const json::Value& params, SpokenLine& line)>;

}  // namespace agentos::abi
