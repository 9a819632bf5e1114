// Resource limits of a program, and the mark by which every process of its tree is known.
//
// The mark is the value of RLIMIT_RTTIME: inherited by fork and exec, harmless to programs (it bounds only real-time
// scheduling), readable from outside by prlimit, and not changeable from inside (the seccomp filter refuses it). It
// finds a tree's processes wherever they were reparented, also when init is gone and there is no cgroup.
#pragma once

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

// Marks lie in this range: far above any real use of the limit, below infinity.
inline constexpr std::uint64_t kMarkMin = 1ULL << 44;
inline constexpr std::uint64_t kMarkMax = 1ULL << 62;

// Of RLIMIT_CORE: smaller than any dump to a file, and the one value at which Linux starts no helper either, where
// core_pattern names one. 0 does not keep a dump from a helper.
inline constexpr std::uint64_t kNoCoreDump = 1;
// The same, or 0 where the caller may have no more.
std::uint64_t core_dump_limit();

// Limits and mark for the calling process; on failure `report` names the resource.
bool apply_limits(const PlanHeader& header, StartReport& report);

// How the processes of a tree are known: the mark, and the user that is theirs alone where they have one. A launcher
// without CAP_SYS_RESOURCE may not read the limits of other users' processes, so there the user tells.
struct TreeMark {
  std::uint64_t mark = 0;
  std::uint32_t user = kSameUser;
};

// Whether a living process carries the mark.
bool carries_mark(int pid, const TreeMark& tree);

}  // namespace agentos::sandbox
