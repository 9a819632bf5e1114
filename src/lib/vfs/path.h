// Paths of an agent's namespace: one canonical form, made once, seen by policy, record and file system alike.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::vfs {

inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr std::size_t kNameBytesMax = 255;
inline constexpr std::size_t kPathDepthMax = 64;

// The canonical form: starts with '/', no empty, "." or ".." component, no trailing '/', "/" for the root. ".." at
// the root is refused, as are relative paths, NUL, control characters, invalid UTF-8 and anything beyond the bounds
// (kInvalidArgument). Returns `path` itself when it is canonical already (no allocation), else a view of `scratch`.
Result<std::string_view> canonicalize(std::string_view path, std::string& scratch);

// "/a/b" -> "/a"; "/" -> "/".
std::string_view parent_of(std::string_view canonical);
// "/a/b" -> "b"; "/" -> "".
std::string_view name_of(std::string_view canonical);
// Component-wise: "/mem/working" contains "/mem/working" and "/mem/working/x", not "/mem/workingX".
bool contains(std::string_view folder, std::string_view canonical);

}  // namespace agentos::vfs
