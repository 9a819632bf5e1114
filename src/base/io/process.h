// What /proc says about other processes (proc(5)). Every answer may be old by the time it is read: a number is only
// known to mean the same process when its start time is the same too.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "base/error.h"

namespace agentos::io {

struct ProcessStatus {
  pid_t parent = 0;  // 0 for the first process, and for one whose parent is outside this pid namespace
  char state = '?';  // R S D T t Z X I, as in proc(5)
  std::uint64_t start_time_ticks = 0;  // since boot
};

// kNotFound when there is no such process.
Result<ProcessStatus> read_process_status(pid_t pid);

Result<pid_t> read_process_parent(pid_t pid);

// Children of the process now, by number. One that forks meanwhile may be missed: stop the parent first where it
// matters.
Result<std::vector<pid_t>> children_of(pid_t pid);

}  // namespace agentos::io
