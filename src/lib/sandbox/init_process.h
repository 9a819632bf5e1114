// One running agentos-init: its control socket, its pid, and how it is started.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lib/sandbox/launch_plan.h"

namespace agentos::sandbox {

struct InitProcess {
  int pid = -1;
  io::Fd process;  // pidfd
};

// An init, or the place of one that is not started yet: a control socket that holds, or will, the plan and descriptors.
struct PreparedInit {
  io::Fd control;      // the launcher's end
  io::Fd control_far;  // init's end; not valid when init runs
  InitProcess init;    // pid -1: not started
};

// What an init that is started before its plan is there does meanwhile: nothing, or it moves into a network namespace
// of its own, which then becomes the tree's (user 0 alone may).
enum class Ahead : std::uint8_t { kPlain, kNetwork };

// Starts an init that waits for its plan. It ends when `control` closes.
Result<PreparedInit> start_ahead(const std::string& init_path, Ahead ahead);

// Writes the plan to a memfd and queues it with the request's descriptors (which are closed here) and the working
// directory, for the init that `take` gives, if it gives one that is alive. kNotFound and the like when the working
// directory cannot be opened; then nothing was taken.
using TakeAhead = std::function<std::optional<PreparedInit>()>;
Result<PreparedInit> prepare_init(const LaunchPlan& plan, LaunchRequest& request, const TakeAhead& take);

// Ends an init that waits, and reaps it.
void dismiss(PreparedInit& waiting);

// Starts init on the prepared socket, unless it runs; control_far is closed.
Result<InitProcess> start_init(const std::string& init_path, PreparedInit& prepared);

}  // namespace agentos::sandbox
