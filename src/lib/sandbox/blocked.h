// What was refused to a running program outside of its calls to the kernel, as agentos-init saw it.
//
// Seen are sockets and their addresses, executions, and changes of mode, owner and times that init was asked for. Not
// seen is what Landlock and the mount namespace refuse by themselves: opening, creating, renaming and removing files. A
// profile that traces has opening seen, too, and what was let through.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "lib/sandbox/mechanism/wire.h"
#include "lib/sandbox/profile.h"

namespace agentos::sandbox {

struct Blocked {
  std::string what;         // "connect", "listen", "socket", "execute", "change", "open", "others"
  bool refused = true;      // false: it was let through, and is told of because the profile traces
  std::string access;       // of an open: "read", "write" or "read and write"
  std::string target;       // "tcp 192.0.2.1:443", "unix /run/x.sock", "/usr/local/bin/tool"
  std::string program;      // name of the first process that tried
  int pid = 0;              // of it, as this process sees it
  std::uint64_t count = 1;  // attempts so far; a later report of the same attempt has a larger one
  std::string allow;        // the line of a profile that would let it through; empty: none would
};

using BlockedCallback = std::function<void(Blocked)>;

Blocked describe_blocked(const BlockedReport& report, Network network);

}  // namespace agentos::sandbox
