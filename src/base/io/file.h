// Whole files and directories, with bounds and without half-written results.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace agentos::io {

// The content of a regular file (files under /proc count). kTooLarge when it has more than bytes_max; kInvalidArgument
// for anything but a regular file, so that no pipe or device can hang the caller.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

// After success the file has exactly this content and mode, on disk; after a failure or a crash it is as it was. The
// new content goes to a temporary file beside it first, which is synced and renamed over it.
Status write_file_atomic(const std::string& path, std::string_view content, mode_t mode);

// The directory and those above it that are missing, each made with `mode` (as umask allows). Fine when it exists.
Status make_directories(const std::string& path, mode_t mode);

// Names in the directory without "." and "..", sorted. kTooLarge beyond a million.
Result<std::vector<std::string>> list_directory(const std::string& path);

}  // namespace agentos::io
