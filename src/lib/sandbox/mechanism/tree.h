// The processes of one tree, found by their mark (rlimits.h), stopped and killed without racing pid reuse.
//
// A process that forks while it is looked for is met on the next pass: a caller repeats until a pass finds nothing
// more to do. Stopping everything before killing makes a fork bomb lose that race.
#pragma once

#include "lib/sandbox/mechanism/rlimits.h"

namespace agentos::sandbox {

// One pass over the host's processes. Each sends to every living process of the tree that still needs it and returns
// how many those were; -1 when /proc cannot be read.
int stop_marked(const TreeMark& tree);      // SIGSTOP to all that are not stopped
int continue_marked(const TreeMark& tree);  // SIGCONT to all
int kill_marked(const TreeMark& tree);      // SIGKILL to all

// Repeats stop_marked until everything stands still: 0, or ETIMEDOUT after kFreezeMsMax.
int freeze_marked(const TreeMark& tree);

// Stops what it can, then kills: one round; returns how many processes were still alive before it.
int end_marked(const TreeMark& tree);

std::int64_t monotonic_ms();

// Asks for real-time scheduling, so that a fork bomb cannot starve its killer; without the right to, nothing happens.
void outrun_everything();

// A fork of the caller, straight into the cgroup whose directory is given (-1: none) and into the new namespaces of
// `flags` (CLONE_NEW*, 0: none). Returns as fork does; the caller must have one thread.
int fork_into(int cgroup_directory, std::uint64_t flags);

// Memory shared with processes the caller forks; nullptr when there is none left.
void* shared_memory(std::size_t bytes);

}  // namespace agentos::sandbox
