// Owning one tree from its start to its last process: reaps, obeys the control socket, and leaves nothing behind.
#pragma once

#include "apps/init/program.h"

namespace agentos::sandbox {

// Starts the program of the plan and returns when no process of the tree is left and its directory and cgroups are
// gone; reports go to kControlFd. `signals` is a signalfd with SIGCHLD. Returns init's exit code.
int supervise(const Plan& plan, ProgramFds& fds, int signals);

}  // namespace agentos::sandbox
