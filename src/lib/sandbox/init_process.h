// One running agentos-init: its control socket, its pid, and how it is started.
#pragma once

#include <string>

#include "lib/sandbox/launch_plan.h"

namespace agentos::sandbox {

// The launcher's end of a control socket that already holds the plan and the descriptors; no process yet.
struct PreparedInit {
  io::Fd control;      // the launcher's end
  io::Fd control_far;  // init's end
};

// Writes the plan to a memfd and queues it with the request's descriptors (which are closed here) and the working
// directory. kNotFound and the like when the working directory cannot be opened.
Result<PreparedInit> prepare_init(const LaunchPlan& plan, LaunchRequest& request);

struct InitProcess {
  int pid = -1;
  io::Fd process;  // pidfd
};

// Starts init on the prepared socket; control_far is closed.
Result<InitProcess> start_init(const std::string& init_path, PreparedInit& prepared);

}  // namespace agentos::sandbox
