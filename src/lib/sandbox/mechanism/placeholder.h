// What stands at a protected path that was absent, while a tree runs: nothing, but of a name nobody else can take.
//
// Only something that is there can be mounted over. A placeholder is an empty folder or file, or one that says "."
// (kMakeSelf). Every tree that stands on
// it holds a shared lock (flock) on it; it goes with the last of them, if it is still empty. Removed earlier it would
// take the mounts of the others with it.
#pragma once

#include <cstdint>

namespace agentos::sandbox {

// By kMakeFolder or kMakeFile of `flags`; nothing for other rules. 0, also when something is there meanwhile, or errno.
// `held`: a descriptor with the lock, for remove_placeholder(), or -1.
int make_placeholder(const char* path, std::uint32_t flags, int& held);
// Closes `held`. With -1, the tree's init is gone, and its locks with it.
void remove_placeholder(const char* path, std::uint32_t flags, int held);

// Whether a tree stands on what is at `path`.
bool is_placeholder(const char* path);

}  // namespace agentos::sandbox
