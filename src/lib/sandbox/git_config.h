// What a repository's configuration makes git run or read from elsewhere: hooks, included configuration, programs.
//
// The configuration is the operator's; what it names may lie in a folder that an agent writes to.
// Source: git-config(1), "CONFIGURATION FILE" and "Includes".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace agentos::sandbox {

inline constexpr std::size_t kGitConfigBytesMax = std::size_t{1} << 20;  // of a file; a longer one is read so far
inline constexpr std::size_t kGitSettingsMax = 10'000;
inline constexpr std::size_t kGitFilesMax = 64;  // configuration files that include each other
inline constexpr std::size_t kGitNamedMax = 32;  // paths

struct GitSetting {
  std::string name;  // "core.hookspath", "filter.clean": section and key in lower case, without the part in quotes
  std::string value;
};
// Lines that are no setting are passed over, as far as git would not refuse the whole file.
std::vector<GitSetting> read_git_config(std::string_view text);

struct NamedByGit {
  std::string path;  // absolute
  enum class Kind : std::uint8_t { kFolder, kFile } kind = Kind::kFile;
};
// What the repository that `top` is the work tree of, and the configuration in `home` (may be empty), name: the folder
// of hooks, files that are included, and files that are words of a command. Nothing when there is no repository.
std::vector<NamedByGit> named_by_git(const std::string& top, const std::string& home);

}  // namespace agentos::sandbox
