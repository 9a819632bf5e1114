// The first process of a tree's pid namespace: init's own code, not the program, so that the program is an ordinary
// process (signals keep their default actions) and its end is the end of everything in the namespace.
#pragma once

#include "apps/init/program.h"
#include "lib/sandbox/mechanism/namespaces.h"

namespace agentos::sandbox {

// Runs in the process cloned into the new namespaces and does not return. Dies with init (a signal on its parent's
// death); when it ends, the running kernel kills the whole namespace. The program's wait status is in the report.
[[noreturn]] void become_first_process(const Plan& plan, const ProgramFds& fds, const Cgroup& cgroup, OwnIds ids,
                                       StartReport& report);

// For agentos-init --probe: whether this host gives all namespaces to the caller, tried in a child. 0, or the errno
// with the stage and index that could not be done.
int probe_namespaces(const Plan& plan, StartReport& report);

}  // namespace agentos::sandbox
