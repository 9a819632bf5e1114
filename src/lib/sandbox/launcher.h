// Starting and owning one process tree under a profile, through agentos-init.
//
// The launcher starts a small static agentos-init per tree; init is subreaper, stays outside the confinement, applies
// the profile to the child, probes it, and kills the whole tree when its socket closes. Callbacks run on the thread
// that calls Launcher::dispatch (the event loop) unless stated otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/io/fd.h"
#include "base/json/value.h"
#include "lib/sandbox/blocked.h"
#include "lib/sandbox/profile.h"

namespace agentos::sandbox {

struct LaunchRequest {
  std::vector<std::string> command;  // argv; command[0] is resolved on the client's PATH when it has no '/'
  std::string working_directory;     // absolute
  std::vector<std::pair<std::string, std::string>> environment;      // as offered; filtered by the profile
  std::vector<std::pair<std::string, std::string>> environment_set;  // always set (AGENTOS_SOCKET_FD=3, ...)
  Profile profile;
  io::Fd stdin_fd, stdout_fd, stderr_fd;  // become 0, 1, 2
  io::Fd agent_socket;                    // becomes 3 when valid; else 3 stays closed
  io::Fd egress_channel;                  // where init hands over connections; needed with Network::kProxy, else unused
  bool new_terminal_session = false;      // 0,1,2 are a pty slave: make it the controlling terminal
  BlockedCallback on_blocked;             // may be empty; called between on_start and on_exit, in their thread
  std::vector<std::string> closed_paths;  // absolute; a ${cwd} grant that would cover one refuses the start
};

// How a tree ended.
struct ExitStatus {
  // kTimeLimit: the profile's. kProtectionLost: somebody outside replaced a file or folder that was protected.
  enum class By : std::uint8_t { kProgram, kTimeLimit, kProtectionLost } by = By::kProgram;
  bool signaled = false;
  int code = 0;  // exit code, or signal number when signaled
  bool core_dumped = false;
  std::int64_t cpu_us = 0;             // user + system of everything reaped
  std::int64_t memory_peak_bytes = 0;  // largest process
  // 0..255 as a shell sees it: the code, or 128 + signal.
  int shell_code() const { return signaled ? 128 + code : code; }
};

// What was applied and what the probe inside the confinement saw; recorded as the enforcement manifest.
struct Started {
  int pid = 0;  // of the program (first process of the tree), as this process sees it
  int init_pid = 0;
  json::Value manifest;  // {"mechanisms":[...],"probes":[...],"skipped":[...],"profile":"..."}
};

// One running tree. Destroying it kills the tree. Thread-safe methods.
class Tree {
 public:
  virtual ~Tree() = default;
  virtual int pid() const = 0;
  virtual Status signal(int linux_signal) = 0;  // to the program's process group
  virtual Status freeze() = 0;  // whole tree; returns when frozen (state T or cgroup); killed when init is silent
  virtual Status thaw() = 0;
  virtual Status kill() = 0;  // whole tree, now; on_exit follows when nothing is left
};

class Launcher {
 public:
  virtual ~Launcher() = default;
  // Starts the tree. `on_start` is called once with the result of the start (an Error names the mechanism that could
  // not be applied and the mend; nothing runs then); after a good start `on_exit` is called exactly once, when no
  // process of the tree is left. The returned Tree may be used after on_start. Thread-safe.
  virtual Result<std::shared_ptr<Tree>> launch(LaunchRequest request, std::function<void(Result<Started>)> on_start,
                                               std::function<void(ExitStatus)> on_exit) = 0;
};

// The real launcher: runs `init_path` (agentos-init) and watches its sockets from one thread of its own; callbacks
// run on that thread and must be short.
Result<std::unique_ptr<Launcher>> make_launcher(std::string init_path);

// What this host offers, for `agentos doctor`: [{"mechanism","state":"ok|missing|limited","detail","mend"}].
// Namespaces are tried with the agentos-init at `init_path` (empty: not tried).
json::Value host_report(const std::string& init_path);

}  // namespace agentos::sandbox
