// Who a program is: an unprivileged user where init is root, without capabilities, which it can not get either.
#pragma once

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

// Whether the caller holds CAP_SYS_ADMIN, so that it needs no user namespace to mount.
bool may_administer();

// Empties the bounding (where permitted), ambient, inheritable, permitted and effective sets of the caller and locks
// the rule that user 0 gets none back by exec; on the way, unless `user` is kSameUser, becomes the user and group of
// that number, without other groups. Returns 0 or the errno of what could not be given up.
int drop_capabilities(unsigned user);

// Empties the last three alone: for a process with no_new_privs that never executes anything.
int empty_capabilities();

// Returns 0 or errno.
int set_no_new_privileges();

}  // namespace agentos::sandbox
