// The Unix door: serves operators on a listening socket and agents on the sockets the kernel hands it, on one thread.
//
// Whose a connection is comes from the operating system (SO_PEERCRED) or from the kernel, never from a message. At most
// kOperatorConnectionsMax operators; one more gets an error line and is closed. Running out of descriptors pauses
// accepting and never spins. Destroying the door flushes replies for at most kShutdownFlushMs and closes everything.
#pragma once

#include <memory>
#include <string>

#include "abi/kernel_api.h"
#include "abi/speaker.h"
#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::unix_door {

inline constexpr std::size_t kOperatorConnectionsMax = 1024;
inline constexpr std::size_t kDescriptorsReserve = 256;  // kept for operators, the log, tools and starts of programs
inline constexpr std::int64_t kClosingFlushMs = 1000;    // for the replies of a connection the kernel ended
inline constexpr std::int64_t kShutdownFlushMs = 2000;   // for all of them when the door closes
inline constexpr std::int64_t kAcceptPauseMs = 100;      // after running out of descriptors or memory

struct DoorOptions {
  // Where operators connect: created 0600, its directory 0700 when absent. Empty: agents only.
  std::string socket;
  std::size_t operator_connections_max = kOperatorConnectionsMax;
  abi::SpeakerMaker speakers;  // of agents' connections; empty: only the table's own words are spoken
};

class ServingThread;

class UnixDoor final : public abi::ConnectionAdopter {
 public:
  // Listens and serves from now on. `kernel` must outlive the door; the door makes itself its adopter and takes that
  // back when destroyed. kBusy when another process listens on the socket.
  static Result<std::unique_ptr<UnixDoor>> open(DoorOptions options, abi::KernelApi& kernel);
  ~UnixDoor() override;

  Status adopt(io::Fd socket, std::shared_ptr<abi::Session> session) override;  // any thread
  std::size_t connections() const;                                              // any thread; agents and operators
  // Stops listening, answers what is under way and closes. Blocks until done. Idempotent.
  void shutdown();

 private:
  UnixDoor(std::string socket, abi::KernelApi& kernel, std::shared_ptr<ServingThread> serving);

  std::string socket_;
  abi::KernelApi& kernel_;
  std::shared_ptr<ServingThread> serving_;
};

// A stream socket that listens at `path`, for the owner only. A socket file nobody listens on is replaced.
Result<io::Fd> listen_at(const std::string& path);

}  // namespace agentos::unix_door
