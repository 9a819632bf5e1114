// A grant is checked when it is made by a variable, for nobody looked at what lies below; what the profile names is the
// operator's word.
#include "lib/sandbox/plan_rules.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <filesystem>
#include <system_error>

#include "lib/sandbox/protected_paths.h"

namespace agentos::sandbox {
namespace {

constexpr std::array<std::string_view, 9> kSystemFolders = {"/usr",   "/bin",    "/sbin", "/lib", "/lib32",
                                                            "/lib64", "/libx32", "/etc",  "/dev"};

std::string with_prefix(const std::string& path, std::string_view variable, std::string_view value) {
  return std::string(value) + path.substr(variable.size());
}

// Where a path leads; the path itself when nothing is there yet.
std::string resolved(const std::string& path) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::weakly_canonical(path, error);
  return error ? path : place.string();
}

// The copy of a workspace, which lies in the kernel's own files and is made for an agent.
bool is_copy_of_workspace(std::string_view place, std::string_view closed) {
  constexpr std::string_view kStore = "/workspaces/", kCopy = "/copy";
  if (!place.starts_with(closed) || !place.substr(closed.size()).starts_with(kStore)) return false;
  std::string_view rest = place.substr(closed.size() + kStore.size());
  rest = rest.substr(std::min(rest.find('/'), rest.size()));
  return rest == kCopy || (rest.starts_with(kCopy) && rest[kCopy.size()] == '/');
}

// What a variable grants must not hold the kernel's own files, nor lie in them, nor hold the private folders of other
// trees.
Status check_closed(const std::string& granted, std::string_view what, const LaunchRequest& request,
                    const std::string& base_directory) {
  const std::string place = resolved(granted);
  const auto covers = [&](const std::string& closed) { return is_below(resolved(closed), place); };
  const auto lies_in = [&](const std::string& closed) {
    const std::string real = resolved(closed);
    return is_below(place, real) && !is_copy_of_workspace(place, real);
  };
  const auto refuse = [&](const std::string& held) {
    return fail(ErrorCode::kInvalidArgument,
                "the profile grants " + std::string(what) + ", and " + granted + " " + held,
                "start in a project folder, or name what the agent needs in a profile");
  };
  for (const std::string& closed : request.closed_paths) {
    if (covers(closed)) return refuse("holds the kernel's own files, in " + closed);
    if (lies_in(closed)) return refuse("lies in the kernel's own files, " + closed);
  }
  if (covers(base_directory)) return refuse("holds the private folders of all agents, in " + base_directory);
  return {};
}

class RulePlacer {
 public:
  RulePlacer(const LaunchRequest& request, const std::string& base_directory, LaunchPlan& plan)
      : request_(request), base_directory_(base_directory), plan_(plan) {
    const std::string* home = find_variable(request.environment, "HOME");
    if (home != nullptr && home->starts_with("/") && home->size() > 1) home_ = *home;
  }

  Status place() {
    for (const FileRule& rule : request_.profile.files) TRY(place_one(rule));
    if (request_.profile.ipc == Ipc::kPrivate) {
      append({kSharedMemoryFolder, Access::kRead | Access::kWrite, true, 0}, kOptionalRule | kPrivateRule);
    }
    TRY(protect());
    if (plan_.host.namespaces) close();
    if (plan_.rules.size() > kRulesMax) {
      return fail(ErrorCode::kTooLarge, "the profile grants more than " + std::to_string(kRulesMax) + " files",
                  "grant the folders they are in");
    }
    return {};
  }

 private:
  Status place_one(FileRule rule) {
    if (rule.path.starts_with("${tmp}")) {
      if (plan_.tmp.empty()) return drop(rule);
      rule.path = with_prefix(rule.path, "${tmp}", plan_.tmp);
    } else if (rule.path.starts_with("${home}")) {
      if (home_.empty()) return drop(rule);
      rule.path = with_prefix(rule.path, "${home}", home_);
      if (rule.denied == 0) TRY(check_closed(rule.path, "the home folder", request_, base_directory_));
    } else if (rule.path.starts_with("${cwd}")) {
      if (request_.working_directory == "/" && rule.path == "${cwd}") {
        return fail(ErrorCode::kInvalidArgument, "the profile grants the working directory, and that is /",
                    "start in a project folder, or name what the agent needs in a profile");
      }
      rule.path = with_prefix(rule.path, "${cwd}", request_.working_directory);
      if (rule.denied == 0) TRY(check_closed(rule.path, "the working directory", request_, base_directory_));
    }
    // One spelling, so that paths compare: what is taken away must be found below what is granted.
    if (rule.path.starts_with("/")) rule.path = std::filesystem::path(rule.path).lexically_normal().string();
    while (rule.path.size() > 1 && rule.path.ends_with("/")) rule.path.pop_back();
    if (!rule.path.starts_with("/") || rule.path.find('\0') != std::string::npos || rule.path.size() >= PATH_MAX) {
      return fail(ErrorCode::kInvalidArgument,
                  "the profile grants \"" + rule.path.substr(0, 80) + "\", which is not an absolute path");
    }
    if (rule.denied != 0) return take_away(std::move(rule), 0);
    if (!rule.from.empty()) TRY(check_replacement(rule));
    std::uint32_t flags = rule.optional ? kOptionalRule : 0U;
    const auto system = [&](std::string_view folder) { return is_below(rule.path, folder); };
    if (std::none_of(kSystemFolders.begin(), kSystemFolders.end(), system) && rule.path != plan_.tmp) {
      flags |= kOwnedRule;
    }
    append(std::move(rule), flags);
    return {};
  }

  // What stands at the path for the tree is another folder, so only a mount namespace can hold it.
  Status check_replacement(FileRule& rule) {
    rule.path = resolved(rule.path);
    if (!plan_.host.namespaces || granted(request_.profile.files, "/", Access::kRead)) {
      return fail(ErrorCode::kUnsupported,
                  "the start is refused: " + rule.path + " is to be replaced by " + rule.from +
                      ", which needs a root of the tree's own",
                  "let this user make namespaces (agentos doctor), and do not grant /");
    }
    struct stat one{}, other{};
    if (rule.path == "/" || ::stat(rule.path.c_str(), &one) != 0 || ::stat(rule.from.c_str(), &other) != 0 ||
        S_ISDIR(one.st_mode) != S_ISDIR(other.st_mode)) {
      return fail(ErrorCode::kInvalidArgument, rule.from + " cannot stand in the place of " + rule.path,
                  "both must be there, and both folders or both files");
    }
    TRY(check_closed(rule.path, "another folder in the place of one", request_, base_directory_));
    return {};
  }

  bool is_replaced(const std::string& path) const {
    return std::any_of(plan_.rules.begin(), plan_.rules.end(),
                       [&](const FileRule& rule) { return !rule.from.empty() && is_below(resolved(path), rule.path); });
  }

  Status drop(const FileRule& rule) {
    plan_.dropped.push_back(rule.path);
    return {};
  }

  void append(FileRule rule, std::uint32_t flags) {
    plan_.rules.push_back(std::move(rule));
    plan_.rule_flags.push_back(flags);
  }

  // Held by the mount namespace, or nothing starts.
  Status take_away(FileRule rule, std::uint32_t flags) {
    if (!held(Promise::use_denied, plan_.host)) {
      return fail(ErrorCode::kUnsupported,
                  "the start is refused: " + rule.path +
                      " lies below a grant and is to be taken away, which needs a mount namespace",
                  "grant less, list it under `unprotected`, or let this user make namespaces (agentos doctor)");
    }
    // As the new root spells it: grants stand where their symbolic links lead. The last name itself is not followed.
    const std::size_t slash = rule.path.rfind('/');
    const std::string folder = slash == 0 ? std::string() : resolved(rule.path.substr(0, slash));
    rule.path = (folder == "/" ? std::string() : folder) + rule.path.substr(slash);
    flags |= kOptionalRule;
    const auto has = [&](Access access) { return (rule.denied & static_cast<std::uint8_t>(access)) != 0; };
    if (has(Access::kRead)) flags |= kHiddenRule;
    if (has(Access::kWrite)) flags |= kReadOnlyRule;
    if (has(Access::kExecute)) flags |= kNoExecuteRule;
    append(std::move(rule), flags);
    return {};
  }

  Status protect() {
    std::vector<FileRule> grants = plan_.rules;
    // In a folder that only the tree sees nothing runs on the operator's behalf.
    std::erase_if(grants, [&](const FileRule& rule) { return is_replaced(rule.path); });
    for (ProtectedPath& one : protected_paths(grants, {home_, request_.working_directory, plan_.tmp})) {
      if (left_open(one.rule.path)) {
        plan_.unprotected.push_back(one.rule.path);
        continue;
      }
      std::uint32_t flags = 0;
      if (one.absent == ProtectedPath::Absent::kFolder) flags = kMakeFolder;
      if (one.absent == ProtectedPath::Absent::kFile) flags = kMakeFile;
      if (one.absent == ProtectedPath::Absent::kSelf) flags = kMakeFile | kMakeSelf;
      TRY(take_away(std::move(one.rule), flags));
    }
    return {};
  }

  // By the whole path, or by what stands after a granted folder: ".git/hooks".
  bool left_open(const std::string& path) const {
    for (const std::string& name : request_.profile.unprotected) {
      if (path == name || (path.ends_with(name) && path[path.size() - name.size() - 1] == '/')) return true;
    }
    return false;
  }

  // The kernel's own files, where a profile grants a folder around them by name.
  void close() {
    for (const std::string& closed : request_.closed_paths) {
      const std::string place = resolved(closed);
      struct stat status{};
      const bool covered = std::any_of(plan_.rules.begin(), plan_.rules.end(), [&](const FileRule& rule) {
        return rule.denied == 0 && is_below(place, rule.path);
      });
      if (!covered || ::stat(place.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
      append({place, 0, true, static_cast<std::uint8_t>(Access::kRead)}, kOptionalRule | kHiddenRule);
    }
  }

  const LaunchRequest& request_;
  const std::string& base_directory_;
  LaunchPlan& plan_;
  std::string home_;
};

}  // namespace

bool is_below(std::string_view path, std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with("/")) folder.remove_suffix(1);
  return folder == "/" || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

bool granted(const std::vector<FileRule>& rules, std::string_view path, Access access) {
  return std::any_of(rules.begin(), rules.end(), [&](const FileRule& rule) {
    return (rule.access & static_cast<std::uint8_t>(access)) != 0 && is_below(path, rule.path);
  });
}

Status place_rules(const LaunchRequest& request, const std::string& base_directory, LaunchPlan& plan) {
  return RulePlacer(request, base_directory, plan).place();
}

}  // namespace agentos::sandbox
