// Control groups of one tree: a v2 leaf that can be killed and frozen at once, and a pids limit (v2 or v1).
//
// Made below the caller's own group, so delegation and containers work; absent where the host does not permit it, and
// then the tree is held by its mark (tree.h) alone. Works on the unified hierarchy and on hybrid v1 hosts.
#pragma once

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

struct Cgroup {
  char path[kCgroupPathMax] = {};       // of the v2 leaf; empty: none
  char pids_path[kCgroupPathMax] = {};  // of the v1 pids group; empty: none
  int directory = -1;                   // descriptor of the v2 leaf, for CLONE_INTO_CGROUP
  int pids_tasks = -1;                  // the program writes "0" here to join the v1 pids group
  bool pids_limited = false;
};

Cgroup make_cgroup(std::uint64_t mark, std::int64_t processes);
// The groups made for a mark by a process in the caller's own group, as far as they still exist; nothing is opened.
Cgroup find_cgroup(std::uint64_t mark);
// Both groups go when empty; retried for a moment, because the last process leaves its group late.
void remove_cgroup(Cgroup& cgroup);

// On the v2 leaf at `path`. Each returns 0 or errno.
int kill_cgroup(const char* path);
int freeze_cgroup(const char* path);  // returns when everything in it stands still; ETIMEDOUT after 2 s
int thaw_cgroup(const char* path);
bool cgroup_populated(const char* path);

// For the doctor: 0 when a leaf could be made and has cgroup.kill and cgroup.freeze, else the errno.
int probe_cgroup();

}  // namespace agentos::sandbox
