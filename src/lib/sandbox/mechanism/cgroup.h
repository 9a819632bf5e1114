// Control groups of one tree: a v2 leaf that can be killed and frozen at once, and limits of the whole tree (v2, or v1
// groups on hybrid and old hosts).
//
// Made below the caller's own groups, so delegation and containers work; absent where the host does not permit it.
// Without a v2 leaf the tree is killed by its mark (tree.h) and frozen by a v1 freezer or by its mark.
#pragma once

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

// A v1 group: one controller's.
struct OldCgroup {
  char path[kCgroupPathMax] = {};  // empty: none
  int tasks = -1;                  // a process writes "0" here to join
};

enum class OldController : std::uint8_t { kPids, kMemory, kCpu, kFreezer };
inline constexpr int kOldControllers = 4;

struct Cgroup {
  char path[kCgroupPathMax] = {};  // of the v2 leaf; empty: none
  int directory = -1;              // descriptor of the v2 leaf, for CLONE_INTO_CGROUP
  OldCgroup old[kOldControllers];  // by OldController
  std::uint32_t limits = 0;        // bit n: CgroupLimit n is held
};

// Values of limits; 0: not wanted.
struct TreeLimits {
  std::int64_t processes = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t cpu_percent = 0;  // of one processor
};

Cgroup make_cgroup(std::uint64_t mark, const TreeLimits& limits);
// The caller enters the v1 groups (v2 is entered at its birth); false with stage and error in the report.
bool join_cgroups(const Cgroup& cgroup, StartReport& report);
// The groups made for a mark by a process in the caller's own groups, as far as they still exist; nothing is opened.
Cgroup find_cgroup(std::uint64_t mark);
// All go when empty; retried for a moment, because the last process leaves its group late.
void remove_cgroup(Cgroup& cgroup);
void give_up_leaf(Cgroup& cgroup);  // the v2 leaf, when this user may not move into it

// 0 or errno. Freezing returns when everything stands still, ETIMEDOUT after 2 s; ENOENT: no group can do it.
int kill_cgroup(const Cgroup& cgroup);
int freeze_cgroup(const Cgroup& cgroup);
int thaw_cgroup(const Cgroup& cgroup);
bool cgroup_populated(const Cgroup& cgroup);

// What this host lets the caller do, tried: errno for the v2 leaf (0: can be killed and frozen), and which limits.
struct CgroupOffer {
  int leaf_error = 0;
  std::uint32_t limits = 0;  // bit n: CgroupLimit n
  bool freezer = false;      // v1
};
CgroupOffer probe_cgroup();

}  // namespace agentos::sandbox
