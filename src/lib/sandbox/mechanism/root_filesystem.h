// A root of the tree's own: nothing but what the profile grants, each grant at its own path; and what is taken away
// below a grant. To be called in a new mount namespace by a process that may mount there.
#pragma once

#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

inline constexpr const char* kOwnFolder = "/.agentos";  // in the new root: what hides others, and the probes' canary
inline constexpr const char* kInsideCanary = "/.agentos/canary";

// Whether the profile grants "/": then the host's root stays, and only what is taken away is mounted over.
bool keeps_host_root(const Plan& plan);

// Afterwards "/" is the new root, read-only but for the write grants, with a /proc of the caller's pid namespace.
// False: stage, index and error of the report say what failed.
// `id_mapping`: of namespaces.h, for the grants whose files change owners; -1: none.
bool build_root(const Plan& plan, int id_mapping, StartReport& report);

}  // namespace agentos::sandbox
