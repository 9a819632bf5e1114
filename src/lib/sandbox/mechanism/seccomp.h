// Installing a ready seccomp filter on the calling process; lib/sandbox/seccomp_filter.h builds it.
#pragma once

#include <linux/filter.h>

#include <cstdint>

namespace agentos::sandbox {

// Returns 0 or errno. no_new_privs must be set. With `listener` not null the filter may ask a supervisor, and
// *listener becomes the descriptor that answers.
int install_filter(const sock_filter* instructions, std::uint32_t count, int* listener);

}  // namespace agentos::sandbox
