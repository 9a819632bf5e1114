// What stands in a new root besides the grants: links of /dev, what hides others, the probes' canary, and a name for a
// user that no one else is.
#pragma once

#include <sys/types.h>

#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

inline constexpr const char* kHiddenFolder = ".agentos/folder";  // mounted over what is hidden; mode 0
inline constexpr const char* kHiddenFile = ".agentos/file";

// In the root at `root`. False with errno.
bool make_root_contents(int root, const PlanHeader& header);

// /etc/passwd and /etc/group of a program with a user of its own are the host's with one line more, and no mount.
bool is_account_file(const char* path, const PlanHeader& header);
bool make_account_file(int root, const char* path, const PlanHeader& header);

}  // namespace agentos::sandbox
