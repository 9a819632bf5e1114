// The namespaces of a tree: user (unless init may do without), mount, pid, ipc, uts, cgroup, and net without a network.
//
// All or none: the launcher finds out once whether this host gives them (agentos-init --probe), and then a start that
// cannot have them fails. The first process of a pid namespace (apps/init/first_process.h) stays init's own code.
#pragma once

#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

// CLONE_NEW* for this plan and the caller's rights.
std::uint64_t namespace_flags(const PlanHeader& header);

// Of those, the network's: it takes longest to make, and a caller that may administer can make it before it has a plan.
inline constexpr std::uint64_t kNetworkNamespaceFlag = 0x40000000;
int enter_own_network();  // 0 or errno

struct NamespaceKind {
  std::uint64_t flag = 0;  // of clone
  const char* name = nullptr;
};
inline constexpr NamespaceKind kUserNamespace{0x10000000, "user"};
inline constexpr NamespaceKind kNamespaceKinds[] = {kUserNamespace,        {0x00020000, "mount"}, {0x20000000, "pid"},
                                                    {0x40000000, "net"},   {0x08000000, "ipc"},   {0x04000000, "uts"},
                                                    {0x02000000, "cgroup"}};

struct OwnIds {
  unsigned user = 0;
  unsigned group = 0;
};

// In the new user namespace: the caller's ids stand for themselves and for nobody else. `index` of the report is the
// step that failed: 0 setgroups, 1 users, 2 groups.
bool map_own_ids(OwnIds ids, StartReport& report);

// The host's name is nobody's business inside.
void name_the_host();

// In the new network namespace, where programs meet init on 127.0.0.1. 0 or errno.
int bring_up_loopback();

// For a plan whose program has another user than init: a descriptor of a user namespace in which init's files on disk
// are the program's in a mount, and all others themselves. To be made where /proc is the caller's own. False with stage
// and error in the report; -1 when no grant of the plan needs it.
bool open_id_mapping(const Plan& plan, int& mapping, StartReport& report);

}  // namespace agentos::sandbox
