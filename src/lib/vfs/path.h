// Paths of an agent's namespace: one canonical form, made once, seen by policy, record and file system alike.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/path.h"

namespace agentos::vfs {

inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr std::size_t kNameBytesMax = 255;
inline constexpr std::size_t kPathDepthMax = 64;

// The canonical form: starts with '/', no empty, "." or ".." component, no trailing '/', "/" for the root. ".." at
// the root is refused, as are relative paths, NUL, control characters, invalid UTF-8 and anything beyond the bounds
// (kInvalidArgument). Returns `text` itself when it is canonical already (no allocation), else a view of `scratch`.
Result<std::string_view> canonicalize(std::string_view text, std::string& scratch);

using path::contains;
using path::name_of;
using path::parent_of;

}  // namespace agentos::vfs
