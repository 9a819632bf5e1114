// Landlock: the file, TCP and scope rules of one process and everything it starts.
//
// Handles every filesystem right the running kernel's ABI has, so that what is not granted is refused. The constants
// are spelled out here because the kernel headers of Debian 12 end at ABI 2. Source: Linux Documentation/userspace-api
// /landlock.rst.
#pragma once

#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

inline constexpr int kLandlockAbiKnown = 7;
inline constexpr int kLandlockAbiSignalScope = 6;

// The ABI of the running kernel as far as this build knows it (1..7); 0 when Landlock is missing or switched off.
int landlock_abi();

// Filesystem rights an ABI can handle.
std::uint64_t landlock_rights_handled(int abi);

// Confines the calling process. On failure `report` has stage, index and error, and false is returned; rules that are
// optional and absent are marked in report.rules_skipped. Paths are resolved by the caller, so "/proc/self" is its own.
bool apply_landlock(const Plan& plan, StartReport& report);

}  // namespace agentos::sandbox
