// The system calls a confined program may make, compiled to a seccomp program by the launcher.
//
// An allow-list: what ordinary programs (glibc, Python, Node, shells, git, compilers) need is allowed, what is known
// and dangerous answers EPERM, and every other number answers ENOSYS so that programs fall back. Sockets and executions
// are asked of agentos-init, which refuses the former, lets the latter go on, and notes what was refused.
// Changes of mode, owner and times are asked of agentos-init (apps/init/metadata_broker.h) where no mount namespace
// holds them. Nobody makes a set-user-id file. 32-bit and x32 calls answer
// ENOSYS. Source: Linux seccomp(2), syscalls(2).
#pragma once

#include <linux/filter.h>

#include <compare>
#include <vector>

#include "lib/sandbox/profile.h"

namespace agentos::sandbox {

// Changing mode, owner and times: asked of init, or done by the program where read-only mounts hold the rest.
enum class MetadataCalls : std::uint8_t { kBrokered, kDirect };

// Whether init is asked about each open, so that it is seen.
enum class OpenCalls : std::uint8_t { kUnseen, kTraced };

struct FilterOptions {
  Network network = Network::kNone;
  int landlock_abi = 0;  // below 3 Landlock does not hold truncation, so the filter does
  MetadataCalls metadata = MetadataCalls::kBrokered;
  Ipc ipc = Ipc::kNone;
  OpenCalls opens = OpenCalls::kUnseen;
  auto operator<=>(const FilterOptions&) const = default;
};

std::vector<sock_filter> build_filter(const FilterOptions& options);

// What the filter answers, computed by running it: for tests and explanations.
struct FilterCall {
  int number = 0;
  std::uint32_t architecture = 0;  // AUDIT_ARCH_*; 0 is this machine's own
  std::uint64_t arguments[6] = {};
};
// SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF, or SECCOMP_RET_ERRNO | errno.
std::uint32_t evaluate_filter(const std::vector<sock_filter>& filter, const FilterCall& call);

}  // namespace agentos::sandbox
