// The program of a tree, from fork to exec: everything is applied here, in the order that lets each step work.
#pragma once

#include "lib/sandbox/mechanism/cgroup.h"
#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

struct ProgramFds {
  int plan[kPlanFdsMax] = {-1, -1, -1, -1, -1, -1};  // by PlanFd
  int id_mapping = -1;                               // of namespaces.h; init's own
  int egress_channel = -1;                           // init's own, with kProxied
  int exec_done = -1;                                // close-on-exec: its closing tells init that exec happened
};

// Runs in the forked child and does not return. `report` is shared with init; on failure it has stage, index, error.
// `parent` is who forked it, as the child numbers it: init, or 1 in a pid namespace.
[[noreturn]] void become_program(const Plan& plan, const ProgramFds& fds, int parent, StartReport& report);

}  // namespace agentos::sandbox
