// An agent as the kernel holds it: identity, authority, state, handles, signals, children. Nothing here decides policy.
//
// Thread rule: everything below "guarded by mutex" is; the rest is fixed at creation, atomic, or locks by itself. Lock
// order: parent before child, and no agent's mutex while calling out (recorder, launcher, sessions, callbacks).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "abi/calls.h"
#include "abi/kernel_api.h"
#include "kernel/family.h"
#include "kernel/policy_store.h"
#include "kernel/quota.h"
#include "lib/egress/reach.h"
#include "lib/ipc/pipe.h"
#include "lib/policy/policy.h"
#include "lib/recorder/entry.h"
#include "lib/sandbox/launcher.h"
#include "lib/vfs/namespace.h"

namespace agentos::kernel {

struct Parked;
class McpLink;

enum class AgentState : std::uint8_t { kStarting, kRunning, kStopped, kEnding, kEnded };
std::string_view name_of(AgentState state);

// What stands behind an agent's connection; it decides what can be done to it from outside.
enum class AgentKind : std::uint8_t { kProcess, kContext, kInProcess };
std::string_view name_of(AgentKind kind);  // "process" "context" "in-process"

inline constexpr std::size_t kHandlesMax = 1024;
inline constexpr std::size_t kChildrenMax = 256;  // alive or not waited for
inline constexpr std::size_t kRegionsMax = 64;

struct Handle {
  std::variant<std::monostate, std::shared_ptr<vfs::OpenFile>, std::shared_ptr<ipc::ReadEnd>,
               std::shared_ptr<ipc::WriteEnd>>
      what;
  std::string path;
};

struct ExitRecord {
  std::string agent;
  std::int64_t code = 0;
  bool signaled = false;
  std::int64_t signal = 0;
  std::string cause;
};

// How the agent's program was started, so that its children can be started the same way.
struct LaunchTemplate {
  std::string working_directory;
  std::vector<std::pair<std::string, std::string>> environment;
  sandbox::Profile profile;
  std::vector<std::string> command;
  io::Fd output, error_output;  // duplicates for children; guarded by the agent's mutex, closed with it
};

struct SignalState {
  std::array<std::uint8_t, abi::kSignalMax + 1> disposition{};  // 0 default, 1 ignore, 2 handle
  std::uint16_t blocked = 0;                                    // bit n: signal n
  std::uint16_t pending = 0;
};

// Equal refusals become one entry a second with a count; see refusals.cc. What was understood and refused (by rights,
// policy, an approval ...) is counted apart from what was not, so that nonsense cannot push it out.
struct RefusalState {
  static constexpr std::size_t kKindsMax = 64;  // told apart; further ones share the last
  struct Kind {
    std::string key;
    std::uint64_t count = 0;  // not yet written
    std::int64_t last_written_us = 0;
  };
  struct Class {
    std::vector<Kind> kinds;
    std::int64_t window_start_us = 0;
    std::int64_t written_in_window = 0;
  };
  Class understood, malformed;
};

struct Agent : std::enable_shared_from_this<Agent> {
  // Fixed at creation.
  std::string id, name, run;
  std::string parent_id;
  std::weak_ptr<Agent> parent;
  int ring = 3;
  AgentKind kind = AgentKind::kContext;
  abi::Rights rights = 0;
  std::vector<std::string> labels;
  std::vector<std::string> chain;  // ids of its ancestors, nearest first
  std::int64_t started_us = 0;
  std::shared_ptr<Quota> quota;
  std::shared_ptr<const std::vector<policy::Source>> sources;  // its own documents, beside the kernel's
  std::shared_ptr<LaunchTemplate> launch;                      // of a process agent
  std::shared_ptr<const egress::Reach> reach;                  // with a network: addresses its profile adds
  std::uint64_t bound_session = 0;                             // operator session it dies with; 0: none
  std::shared_ptr<Family> family;                              // it and all it is related to
  std::shared_ptr<McpLink> mcp;                                // its MCP servers, when it has any
  std::weak_ptr<McpLink> serves;                               // of an MCP server's process: whose it is
  bool has_connection = true;                                  // false: its process gets no socket to the kernel

  std::atomic<std::uint64_t> calls{0}, denied{0};
  std::atomic<int> calls_in_flight{0};
  std::atomic<int> pid{0};

  mutable std::mutex mutex;
  // Guarded by mutex.
  AgentState state = AgentState::kStarting;
  bool pausing = false;        // SIGINT: stop when no call is in flight
  bool stop_at_start = false;  // told to stop before it ran
  InForce in_force;
  std::unique_ptr<vfs::Namespace> files;  // made at first use
  std::vector<Handle> handles;            // index = number; [0] is never used
  std::shared_ptr<ipc::Queue> mailbox;    // made at first use
  std::int64_t context_tokens = 0;
  std::vector<std::string> regions;  // made or joined
  SignalState signals;
  RefusalState refusals;
  std::map<std::string, std::shared_ptr<Agent>> children;  // alive
  std::vector<ExitRecord> zombies;                         // ended, not waited for
  std::vector<std::pair<std::uint64_t, std::function<void()>>> child_waiters;
  std::vector<std::pair<std::uint64_t, std::function<void()>>> exit_waiters;  // operators' wait
  std::vector<std::weak_ptr<Parked>> parked;                                  // calls to cancel when the agent ends
  std::shared_ptr<sandbox::Tree> tree;
  std::uint64_t grace_timer = 0, time_timer = 0;
  ExitRecord exit;
  std::string exit_cause;  // set by whoever ends it; first one wins
  std::uint64_t next_waiter = 1;
  int sessions = 0;
  std::shared_ptr<void> family_place;  // counts it in its family while it lives

  // Connections to tell about signals and to close at the end; own lock.
  std::mutex sessions_mutex;
  std::map<std::uint64_t, std::function<void(abi::Notification)>> notify;
  std::map<std::uint64_t, std::function<void()>> close;

  // Precondition of these: mutex is held.
  std::int64_t add_handle(Handle handle);  // lowest free number from 1; -1 when there are too many
  Handle* find_handle(std::int64_t number);
  ipc::Queue& ensure_mailbox();
};

}  // namespace agentos::kernel
