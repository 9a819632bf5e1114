// Absolute paths as text: one canonical form, made without asking any file system.
//
// Canonical: starts with '/', no empty, "." or ".." component, no trailing '/', "/" for the root; printable UTF-8. What
// a path means (an agent's namespace, the host) and its limits are the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace agentos::path {

enum class AboveRoot : std::uint8_t { kRefuse, kStay };  // what ".." does at "/"

struct Rules {
  std::size_t bytes_max = 4096;
  std::size_t name_bytes_max = 255;
  std::size_t depth_max = 64;
  AboveRoot above_root = AboveRoot::kRefuse;
};

// Of an absolute path. Returns `path` itself when it is canonical already (one scan, no allocation), else a view of
// `scratch`. Refused (kInvalidArgument): empty, relative, NUL and other control characters, invalid UTF-8, beyond the
// rules.
Result<std::string_view> canonicalize(std::string_view path, const Rules& rules, std::string& scratch);

// Goes from the canonical path in `canonical` along `relative`, which does not start with '/'. On error `canonical` is
// unspecified.
Status append(std::string_view relative, const Rules& rules, std::string& canonical);

// "/a/b" -> "/a"; "/" -> "/".
std::string_view parent_of(std::string_view canonical);
// "/a/b" -> "b"; "/" -> "".
std::string_view name_of(std::string_view canonical);
// Component-wise: "/a/b" contains "/a/b" and "/a/b/x", not "/a/bX".
bool contains(std::string_view folder, std::string_view canonical);

}  // namespace agentos::path
