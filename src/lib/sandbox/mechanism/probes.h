// Trying, inside the confinement and before the program starts, what the profile promises to refuse.
#pragma once

#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

// Runs every probe in the calling (confined) process and writes each answer to report.probe_errors. False, with stage
// and index, when one that is promised was not refused. Leaves nothing behind.
bool run_probes(const Plan& plan, int init_pid, StartReport& report);

}  // namespace agentos::sandbox
