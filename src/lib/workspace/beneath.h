// Reaching into a folder that others write to: no name leads out of it, no symbolic link is followed on the way.
//
// Paths are relative, without "." and "..". A folder on another file system is as good as a way out.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::workspace {

inline constexpr std::size_t kPathBytesMax = 4000;
inline constexpr std::size_t kNamesPerFolderMax = 100'000;

// The folder at an absolute path.
Result<io::Fd> open_folder(const std::string& path);
// "" is the folder itself.
Result<io::Fd> open_beneath(int folder, const std::string& path, int flags, mode_t mode = 0);
// The same for who wants to know why not: a descriptor, or a negative errno value.
int try_open_beneath(int folder, const std::string& path, int flags, mode_t mode = 0);
// Names in an open folder, sorted; kTooLarge beyond kNamesPerFolderMax.
Result<std::vector<std::string>> names_in(int folder, std::string_view path);
// The first of them as the system gives them, at most `count`, sorted.
Result<std::vector<std::string>> some_names_in(int folder, std::string_view path, std::size_t count);

// What stands before the last slash, and after it.
std::string parent_of(const std::string& path);
std::string name_of(const std::string& path);

// Whether `path` may be used with the functions here.
bool plain_path(std::string_view path);

// The path in quotes for an error: control characters and what is not UTF-8 are escaped.
std::string quoted(std::string_view path);

}  // namespace agentos::workspace
