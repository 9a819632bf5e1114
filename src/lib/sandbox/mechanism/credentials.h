// Capabilities: a program has none, can get none, and no_new_privs keeps it so. The user id stays the kernel's own.
#pragma once

namespace agentos::sandbox {

// Empties the bounding (where permitted), ambient, inheritable, permitted and effective sets of the caller and locks
// the rule that user 0 gets none back by exec. Returns 0 or the errno of what could not be dropped.
int drop_capabilities();

// Returns 0 or errno.
int set_no_new_privileges();

}  // namespace agentos::sandbox
