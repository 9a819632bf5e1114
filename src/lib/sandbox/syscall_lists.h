// Which system calls a program may make at all, which are refused by name, and which depend on their arguments.
#pragma once

#include <span>

namespace agentos::sandbox {

std::span<const int> allowed_calls();        // whatever the arguments
std::span<const int> refused_calls();        // EPERM: known, and never needed by a confined program
std::span<const int> metadata_calls();       // mode, owner, times: asked of init, for Landlock does not hold them
std::span<const int> attribute_calls();      // ENOTSUP: extended attributes, which Landlock does not hold either
std::span<const int> shared_memory_calls();  // System V and POSIX queues: EPERM without an ipc namespace
std::span<const int> socket_calls();     // refused without a network, some of them by init: making, naming, connecting
std::span<const int> execution_calls();  // init is asked and lets them go on
std::span<const int> own_process_calls();  // first argument must be 0: the caller itself, never another process

}  // namespace agentos::sandbox
