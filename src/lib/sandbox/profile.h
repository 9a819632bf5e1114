// A profile: what one process tree may touch. Typed here, written in YAML (PROFILE.md), applied by agentos-init.
//
// Everything not granted is refused by the running kernel's mechanisms; a mechanism that is missing stops the start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::sandbox {

enum class Access : std::uint8_t { kRead = 1, kWrite = 2, kExecute = 4 };
constexpr std::uint8_t operator|(Access a, Access b) {
  return static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b);
}

struct FileRule {
  std::string path;         // absolute; a directory grants its whole tree. "${cwd}", "${tmp}", "${home}" are replaced
  std::uint8_t access = 0;  // bits of Access
  bool optional = false;    // absent on this host: skipped and reported, else the start is refused
  std::uint8_t denied = 0;  // bits of Access taken away below a grant; kRead: nothing of it is seen. Then access is 0
  std::string from = {};    // what the tree finds at `path` instead of what is there; absolute. Empty: what is there
};

// 0 means "no limit of its own" (the host's stays).
struct Limits {
  std::int64_t memory_bytes = 0;   // RLIMIT_AS per process; tree-wide only with a cgroup
  std::int64_t cpu_seconds = 0;    // RLIMIT_CPU per process
  std::int64_t processes = 0;      // RLIMIT_NPROC: counts the whole uid; pids cgroup when there is one
  std::int64_t open_files = 1024;  // RLIMIT_NOFILE
  std::int64_t file_bytes = 0;     // RLIMIT_FSIZE
  std::int64_t wall_ms = 0;        // whole tree is killed after it
  // Of the whole tree; held by a cgroup, or the start is refused.
  std::int64_t tree_memory_bytes = 0;
  std::int64_t tree_cpu_percent = 0;  // 100 is one processor
};

// kHost only by name on the command line; recorded. kProxy: TCP connections, which all end at the egress proxy.
enum class Network : std::uint8_t { kNone, kHost, kProxy };

enum class Namespaces : std::uint8_t { kWhenPossible, kRequired, kNever };
enum class Identity : std::uint8_t { kUnprivileged, kSame };  // matters when the launcher is root
enum class Ipc : std::uint8_t { kNone, kPrivate };            // System V and POSIX shared memory of the tree's own

struct Profile {
  std::string name = "custom";
  std::vector<FileRule> files;
  std::vector<std::string> unprotected;  // protected paths (protected_paths.h) this profile leaves writable
  Network network = Network::kNone;
  Ipc ipc = Ipc::kNone;
  Identity identity = Identity::kUnprivileged;
  Namespaces namespaces = Namespaces::kWhenPossible;
  int landlock_abi_max = 99;                    // rights of newer versions are not used; recorded
  std::vector<std::string> promises;            // names of isolation.def without which nothing starts
  std::vector<std::string> internal_addresses;  // with kProxy: what is not public and may be reached; else nothing
  Limits limits;
  std::vector<std::string> environment_allow;  // names passed through from the client; values of others are dropped
  bool trace = false;                          // every file the program opens is told of; costs microseconds an open
  bool private_tmp = true;                     // a fresh 0700 directory, TMPDIR, removed at the end
};

// Built-in profiles: "agent-default", "tool", "mcp-server", "workspace", "build", "unconfined-files". kNotFound with
// the names there are.
Result<Profile> preset_profile(std::string_view name);
std::vector<std::string_view> preset_profile_names();
// A YAML or JSON document (`apiVersion: agentos/v1`, `kind: Profile`). kMalformed with file:line:column.
Result<Profile> parse_profile(std::string_view text, std::string_view file);

}  // namespace agentos::sandbox
