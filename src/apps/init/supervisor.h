// Owning one tree from its start to its last process: reaps, obeys the control socket, and leaves nothing behind.
#pragma once

#include "apps/init/program.h"

namespace agentos::sandbox {

// When the tree's network namespace is made: together with the others, or it is init's own already.
enum class NetworkNamespace : std::uint8_t { kWithTree, kAhead };

// Starts the program of the plan and returns when no process of the tree is left and its directory and cgroups are
// gone; reports go to kControlFd. `signals` is a signalfd with SIGCHLD. Returns init's exit code.
int supervise(const Plan& plan, ProgramFds& fds, int signals, NetworkNamespace network);

}  // namespace agentos::sandbox
