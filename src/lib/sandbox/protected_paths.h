// What runs on the operator's behalf later, and so may not be written through a write grant: startup files of shells,
// hooks and configuration of git, configuration of agents and editors, keys of ssh.
//
// Where one of them lies below a write grant it is taken away (writing; ~/.ssh wholly). That needs a mount namespace:
// without one the start is refused by name, unless the profile lists the path under `unprotected`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/sandbox/profile.h"

namespace agentos::sandbox {

// A rule that takes something away, and whether it must be made first so that nobody else makes it.
struct ProtectedPath {
  FileRule rule;
  // kSelf: a file that says ".", where an empty one is an error to its reader.
  enum class Absent : std::uint8_t { kNo, kFolder, kFile, kSelf } absent = Absent::kNo;
};

struct ProtectedPlaces {
  std::string home;               // the client's; may be empty
  std::string working_directory;  // a project: what is absent there is kept absent too
  std::string tmp;                // never protected
};

// For the write grants among `grants` (paths replaced).
std::vector<ProtectedPath> protected_paths(const std::vector<FileRule>& grants, const ProtectedPlaces& places);

// What is protected in a folder, relative to it: what has a name everywhere, and what its git configuration names.
std::vector<std::string> protected_names(const std::string& folder, const std::string& home);
// The latter alone (git_config.h).
std::vector<std::string> names_of_git(const std::string& folder, const std::string& home);

// What a change that comes from an agent makes of a path.
enum class Becomes : std::uint8_t { kFolder, kOther };
// Which protected path `path`, relative to `folder`, is, is in, or by not being a folder any more stands for; at any
// depth, but for those `named` by git, which lie in the folder itself. Empty: none.
std::string protected_by(const std::string& path, Becomes becomes, const std::string& folder, const std::string& home,
                         const std::vector<std::string>& named = {});

// Whether `path` is what git obeys in a repository that is not called .git: it takes every folder with HEAD, objects
// and refs, or with HEAD and commondir, for one. `exists` tells what is there after the change. Becoming such a folder
// is that too.
bool steers_repository(const std::string& path, const std::function<bool(const std::string& path)>& exists);

}  // namespace agentos::sandbox
