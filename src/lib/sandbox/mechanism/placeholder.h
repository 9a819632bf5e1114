// What stands at a protected path that was absent, while a tree runs: nothing, but of a name nobody else can take.
//
// Only something that is there can be mounted over. A placeholder is an empty folder or file; it goes with the tree, if
// it is still empty.
#pragma once

#include <cstdint>

namespace agentos::sandbox {

// By kMakeFolder or kMakeFile of `flags`; nothing for other rules. 0, also when something is there meanwhile, or errno.
int make_placeholder(const char* path, std::uint32_t flags);
void remove_placeholder(const char* path, std::uint32_t flags);

}  // namespace agentos::sandbox
