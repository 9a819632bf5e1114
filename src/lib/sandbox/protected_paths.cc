// The names, and looking which of them are there.
#include "lib/sandbox/protected_paths.h"

#include <sys/stat.h>

#include <algorithm>

#include "lib/sandbox/mechanism/placeholder.h"

namespace agentos::sandbox {
namespace {

constexpr auto kWriteBit = static_cast<std::uint8_t>(Access::kWrite);
constexpr auto kReadBit = static_cast<std::uint8_t>(Access::kRead);

using Absent = ProtectedPath::Absent;

struct Name {
  const char* path;
  Absent kind;  // what it would be
};

// In every folder that is granted for writing.
constexpr Name kOfProjects[] = {
    {".git/hooks", Absent::kFolder},   {".git/config", Absent::kFile},
    {".git/modules", Absent::kFolder}, {".git/config.worktree", Absent::kFile},
    {".git/commondir", Absent::kSelf},  // another word there brings another config and other hooks
    {".vscode", Absent::kFolder},      {".idea", Absent::kFolder},
    {".claude", Absent::kFolder},      {".codex", Absent::kFolder},
    {".cursor", Absent::kFolder},      {".gemini", Absent::kFolder},
    {".agentos", Absent::kFolder},     {".mcp.json", Absent::kFile},
    {".envrc", Absent::kFile},         {".github/workflows", Absent::kFolder}};

// In the operator's home, where a grant covers it.
constexpr Name kOfHome[] = {
    {".bashrc", Absent::kFile},        {".bash_profile", Absent::kFile}, {".bash_login", Absent::kFile},
    {".bash_logout", Absent::kFile},   {".profile", Absent::kFile},      {".zshrc", Absent::kFile},
    {".zshenv", Absent::kFile},        {".zprofile", Absent::kFile},     {".zlogin", Absent::kFile},
    {".inputrc", Absent::kFile},       {".gitconfig", Absent::kFile},    {".config", Absent::kFolder},
    {".local/bin", Absent::kFolder},   {"bin", Absent::kFolder},         {".vimrc", Absent::kFile},
    {".pythonrc", Absent::kFile},      {".npmrc", Absent::kFile},        {".docker", Absent::kFolder},
    {".kube", Absent::kFolder},        {".aws", Absent::kFolder},        {".gnupg", Absent::kFolder},
    {".local/state", Absent::kFolder}, {".xprofile", Absent::kFile},     {".pam_environment", Absent::kFile}};

// Obeyed only where it is there already: each folder in it belongs to a worktree that leads to it.
constexpr const char* kWorktrees = ".git/worktrees";

// Further ones, which only a commit holds back: git reads them when they are there, and runs what the last three say.
constexpr const char* kOfRepositories[] = {kWorktrees, ".git/gitdir", ".git/rebase-merge", ".git/rebase-apply",
                                           ".git/sequencer"};

bool covers(const std::string& folder, const std::string& path) {
  return folder == "/" || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

bool is_folder(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

void add(std::vector<ProtectedPath>& found, std::string path, std::uint8_t denied, Absent kind) {
  const auto same = [&](const ProtectedPath& known) { return known.rule.path == path; };
  if (std::any_of(found.begin(), found.end(), same)) return;
  const bool there = exists(path);
  // What is in no folder yet is not made: its parents would have to be made too.
  if (!there && !is_folder(path.substr(0, path.rfind('/')))) return;
  ProtectedPath one;
  one.rule.path = std::move(path);
  one.rule.denied = denied;
  one.rule.optional = true;
  // What another tree made and stands on is made by this one too, so that it stays until both have ended.
  one.absent = there && !is_placeholder(one.rule.path.c_str()) ? Absent::kNo : kind;
  found.push_back(std::move(one));
}

}  // namespace

std::vector<ProtectedPath> protected_paths(const std::vector<FileRule>& grants, const ProtectedPlaces& places) {
  const std::string& home = places.home;
  std::vector<ProtectedPath> found;
  for (const FileRule& grant : grants) {
    if ((grant.access & kWriteBit) == 0 || grant.path == places.tmp || grant.path == "/" || !is_folder(grant.path))
      continue;
    if (grant.path.starts_with("/dev/")) continue;
    const bool project = grant.path == places.working_directory;
    // Of a worktree it is a file that says where the repository lies; another word there brings other hooks.
    if (exists(grant.path + "/.git") && !is_folder(grant.path + "/.git")) {
      add(found, grant.path + "/.git", kWriteBit, Absent::kNo);
    }
    for (const Name& name : kOfProjects) {
      const std::string path = grant.path + "/" + name.path;
      if (project || exists(path)) add(found, path, kWriteBit, name.kind);
    }
    if (is_folder(grant.path + "/" + kWorktrees)) add(found, grant.path + "/" + kWorktrees, kWriteBit, Absent::kNo);
    if (home.empty() || !covers(grant.path, home)) continue;
    for (const Name& name : kOfHome) add(found, home + "/" + name.path, kWriteBit, name.kind);
    add(found, home + "/.ssh", kReadBit | kWriteBit, Absent::kFolder);
  }
  return found;
}

std::vector<std::string> protected_names() {
  std::vector<std::string> names = {".git"};
  for (const Name& name : kOfProjects) names.emplace_back(name.path);
  names.emplace_back(kWorktrees);
  return names;
}

namespace {

// `tail` is a path from some folder on: whether it is `name`, is in it, or replaces a folder on the way to it.
bool touches(std::string_view tail, std::string_view name, Becomes becomes) {
  if (tail == name) return true;
  if (tail.starts_with(name) && tail[name.size()] == '/') return true;
  return becomes == Becomes::kOther && name.starts_with(tail) && name[tail.size()] == '/';
}

}  // namespace

std::string protected_by(const std::string& path, Becomes becomes, const std::string& folder, const std::string& home) {
  for (std::size_t at = 0; at < path.size();) {
    const std::string_view tail = std::string_view(path).substr(at);
    for (const Name& name : kOfProjects) {
      if (touches(tail, name.path, becomes)) return name.path;
    }
    for (const char* name : kOfRepositories) {
      if (touches(tail, name, becomes)) return name;
    }
    const std::size_t slash = path.find('/', at);
    if (slash == std::string::npos) break;
    at = slash + 1;
  }
  if (home.empty()) return {};
  const std::string whole = folder + "/" + path;
  const auto of_home = [&](std::string_view name) {
    const std::string place = home + "/" + std::string(name);
    return covers(place, whole) || (becomes == Becomes::kOther && covers(whole, place));
  };
  if (of_home(".ssh")) return ".ssh";
  for (const Name& name : kOfHome) {
    if (of_home(name.path)) return name.path;
  }
  return {};
}

bool steers_repository(const std::string& path, const std::function<bool(const std::string& path)>& exists) {
  constexpr std::string_view kWhole[] = {"HEAD", "objects", "refs", "config", "config.worktree", "commondir", "gitdir"};
  constexpr std::string_view kWithContent[] = {"hooks", "modules"};
  for (std::size_t at = 0;;) {
    const std::string folder = path.substr(0, at);  // empty, or ends with a slash
    const std::string_view tail = std::string_view(path).substr(at);
    const std::string_view first = tail.substr(0, tail.find('/'));
    const bool steers = std::find(std::begin(kWhole), std::end(kWhole), tail) != std::end(kWhole) ||
                        std::find(std::begin(kWithContent), std::end(kWithContent), first) != std::end(kWithContent);
    const bool named = folder == ".git/" || folder.ends_with("/.git/");  // protected by name
    if (steers && !named && exists(folder + "HEAD") &&
        (exists(folder + "commondir") || (exists(folder + "objects") && exists(folder + "refs"))))
      return true;
    const std::size_t slash = path.find('/', at);
    if (slash == std::string::npos) return false;
    at = slash + 1;
  }
}

}  // namespace agentos::sandbox
