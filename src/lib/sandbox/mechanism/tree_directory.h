// The directory a tree owns on disk: <base>/agentos-<mark>/ with `canary` (which the probes must not reach) and
// `tmp`.
#pragma once

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

inline constexpr const char* kCanaryName = "canary";
inline constexpr const char* kTmpName = "tmp";

enum class TreeTmp : std::uint8_t { kNone, kMake };

// Makes the directory (0700, must be new) and what is in it; the tmp belongs to `owner` unless that is kSameUser.
// Returns 0 or errno.
int make_tree_directory(const char* path, TreeTmp tmp, unsigned owner);

// Removes everything below and the directory itself; never follows a link, any depth with few descriptors, at most a
// million entries. For use when no process of the tree is left. Returns 0 or errno.
int remove_tree_directory(const char* path);

}  // namespace agentos::sandbox
