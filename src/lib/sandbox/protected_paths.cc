// The names, and looking which of them are there.
#include "lib/sandbox/protected_paths.h"

#include <sys/stat.h>

#include <algorithm>

#include "lib/sandbox/git_config.h"
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
    {".bashrc", Absent::kFile},          {".bash_profile", Absent::kFile}, {".bash_login", Absent::kFile},
    {".bash_logout", Absent::kFile},     {".profile", Absent::kFile},      {".zshrc", Absent::kFile},
    {".zshenv", Absent::kFile},          {".zprofile", Absent::kFile},     {".zlogin", Absent::kFile},
    {".inputrc", Absent::kFile},         {".gitconfig", Absent::kFile},    {".config", Absent::kFolder},
    {".local/bin", Absent::kFolder},     {"bin", Absent::kFolder},         {".vimrc", Absent::kFile},
    {".pythonrc", Absent::kFile},        {".npmrc", Absent::kFile},        {".docker", Absent::kFolder},
    {".kube", Absent::kFolder},          {".aws", Absent::kFolder},        {".gnupg", Absent::kFolder},
    {".local/state", Absent::kFolder},   {".xprofile", Absent::kFile},     {".pam_environment", Absent::kFile},
    {".bash_aliases", Absent::kFile},    {".tmux.conf", Absent::kFile},    {".screenrc", Absent::kFile},
    {".gdbinit", Absent::kFile},         {".curlrc", Absent::kFile},       {".wgetrc", Absent::kFile},
    {".netrc", Absent::kFile},           {".psqlrc", Absent::kFile},       {".sqliterc", Absent::kFile},
    {".xinitrc", Absent::kFile},         {".xsession", Absent::kFile},     {".xsessionrc", Absent::kFile},
    {".mailcap", Absent::kFile},         {".forward", Absent::kFile},      {".pypirc", Absent::kFile},
    {".git-credentials", Absent::kFile}, {".vim", Absent::kFolder},        {".local/lib", Absent::kFolder}};

// The same, where they are there.
constexpr const char* kOfHomeWhereThere[] = {".emacs",
                                             ".emacs.d",
                                             ".local/share/systemd",
                                             ".local/share/applications",
                                             ".cargo",
                                             ".rustup",
                                             "go/bin",
                                             ".pyenv",
                                             ".rbenv",
                                             ".nvm",
                                             ".oh-my-zsh",
                                             ".zsh",
                                             ".claude",
                                             ".claude.json",
                                             ".codex",
                                             ".gemini",
                                             ".cursor",
                                             ".terraformrc"};

// Where they are there. Absent ones are no placeholder's: a worktree's folder belongs to a worktree that leads to it,
// and an empty file of the others may be an error to who reads it.
constexpr const char* kWhereThere[] = {".git/worktrees",
                                       ".husky",
                                       ".githooks",
                                       ".zed",
                                       ".windsurf",
                                       ".continue",
                                       ".roo",
                                       ".kiro",
                                       ".amazonq",
                                       ".opencode",
                                       "opencode.json",
                                       ".aider.conf.yml",
                                       ".devcontainer",
                                       ".devcontainer.json",
                                       ".gitlab-ci.yml",
                                       ".circleci",
                                       ".forgejo/workflows",
                                       ".gitea/workflows",
                                       ".pre-commit-config.yaml",
                                       "lefthook.yml",
                                       ".yarnrc.yml",
                                       ".npmrc",
                                       ".exrc",
                                       ".nvim.lua",
                                       ".dir-locals.el",
                                       ".gdbinit",
                                       ".mise.toml",
                                       "mise.toml"};

// Further ones, which only a commit holds back: git reads them when they are there, and runs what some say; and what
// agents of the operator obey, which an agent may well be asked to write.
constexpr const char* kOfCommits[] = {".git/gitdir",
                                      ".git/rebase-merge",
                                      ".git/rebase-apply",
                                      ".git/sequencer",
                                      "CLAUDE.md",
                                      "AGENTS.md",
                                      "GEMINI.md",
                                      ".cursorrules",
                                      ".windsurfrules",
                                      ".clinerules",
                                      ".github/copilot-instructions.md"};

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
  const bool held = there && is_placeholder(path.c_str());
  if (held && kind == Absent::kNo) kind = is_folder(path) ? Absent::kFolder : Absent::kFile;
  // What is in no folder yet is not made: its parents would have to be made too.
  if (!there && !is_folder(path.substr(0, path.rfind('/')))) return;
  ProtectedPath one;
  one.rule.path = std::move(path);
  one.rule.denied = denied;
  one.rule.optional = true;
  // What another tree made and stands on is made by this one too, so that it stays until both have ended.
  one.absent = there && !held ? Absent::kNo : kind;
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
    const auto where_there = [&](const std::string& path) {
      // A placeholder of another tree's, by another list, is stood on by this one, too.
      if (exists(path)) add(found, path, kWriteBit, is_folder(path) ? Absent::kFolder : Absent::kFile);
    };
    for (const char* name : kWhereThere) where_there(grant.path + "/" + name);
    for (const NamedByGit& named : named_by_git(grant.path, home)) {
      if (named.path == grant.path || !covers(grant.path, named.path)) continue;
      add(found, named.path, kWriteBit, named.kind == NamedByGit::Kind::kFolder ? Absent::kFolder : Absent::kFile);
    }
    if (home.empty() || !covers(grant.path, home)) continue;
    for (const Name& name : kOfHome) add(found, home + "/" + name.path, kWriteBit, name.kind);
    for (const char* name : kOfHomeWhereThere) where_there(home + "/" + name);
    add(found, home + "/.ssh", kReadBit | kWriteBit, Absent::kFolder);
  }
  return found;
}

std::vector<std::string> protected_names(const std::string& folder, const std::string& home) {
  std::vector<std::string> names = {".git"};
  for (const Name& name : kOfProjects) names.emplace_back(name.path);
  names.insert(names.end(), std::begin(kWhereThere), std::end(kWhereThere));
  for (std::string& name : names_of_git(folder, home)) names.push_back(std::move(name));
  return names;
}

std::vector<std::string> names_of_git(const std::string& folder, const std::string& home) {
  std::vector<std::string> names;
  for (const NamedByGit& named : named_by_git(folder, home)) {
    if (named.path != folder && covers(folder, named.path)) names.push_back(named.path.substr(folder.size() + 1));
  }
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

std::string protected_by(const std::string& path, Becomes becomes, const std::string& folder, const std::string& home,
                         const std::vector<std::string>& named) {
  for (const std::string& name : named) {
    if (touches(path, name, becomes)) return name;
  }
  for (std::size_t at = 0; at < path.size();) {
    const std::string_view tail = std::string_view(path).substr(at);
    for (const Name& name : kOfProjects) {
      if (touches(tail, name.path, becomes)) return name.path;
    }
    for (const char* name : kWhereThere) {
      if (touches(tail, name, becomes)) return name;
    }
    for (const char* name : kOfCommits) {
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
  for (const char* name : kOfHomeWhereThere) {
    if (of_home(name)) return name;
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
    // With a commondir the objects, the references and the configuration are in another folder.
    const bool whole = exists(folder + "HEAD") &&
                       ((exists(folder + "objects") && exists(folder + "refs")) || exists(folder + "commondir"));
    if (steers && !named && whole) return true;
    const std::size_t slash = path.find('/', at);
    if (slash == std::string::npos) return false;
    at = slash + 1;
  }
}

}  // namespace agentos::sandbox
