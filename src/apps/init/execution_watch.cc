// The path is resolved in the caller's own root; a file that is not there, but on the host, is one that was hidden.
#include "apps/init/execution_watch.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace agentos::sandbox {
namespace {

constexpr std::uint32_t kAccessExecute = 4;
constexpr mode_t kAnyExecute = 0111;

int open_in(int root, const char* path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  return static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
}

bool is_program(int file) {
  struct stat status{};
  return file >= 0 && ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & kAnyExecute) != 0;
}

bool below(const char* path, const char* folder) {
  const std::size_t size = std::strlen(folder);
  if (size == 1) return true;  // "/"
  return std::strncmp(path, folder, size) == 0 && (path[size] == 0 || path[size] == '/');
}

// What execve or execveat names, absolute as the caller sees it; false: by descriptor alone, or unreadable.
bool named_path(const Caller& caller, char (&path)[PATH_MAX]) {
  const bool at = caller.number() == SYS_execveat;
  char given[PATH_MAX];
  if (!caller.read_path(caller.argument(at ? 1 : 0), given) || given[0] == 0) return false;
  path[0] = 0;
  if (given[0] != '/') {
    const Held folder(caller.open_descriptor(at ? static_cast<int>(caller.argument(0)) : AT_FDCWD));
    if (folder.get() < 0 || !path_of(folder.get(), path)) return false;
  }
  const std::size_t used = std::strlen(path);
  const int more = std::snprintf(path + used, sizeof path - used, "%s%s", used == 0 ? "" : "/", given);
  return more > 0 && static_cast<std::size_t>(more) < sizeof path - used;
}

}  // namespace

bool ExecutionWatch::granted(int root, const char* place) const {
  bool found = false;
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    const PlanRule& rule = plan_.rules[i];
    if ((rule.flags & (kHiddenRule | kNoExecuteRule)) != 0 && below(place, rule.path)) return false;
    found = found || ((rule.access & kAccessExecute) != 0 && below(place, rule.path));
  }
  // Grants stand where their symbolic links lead.
  for (std::uint32_t i = 0; i < plan_.header.rules && !found; ++i) {
    if ((plan_.rules[i].access & kAccessExecute) == 0) continue;
    char leads_to[PATH_MAX];
    const Held rule(open_in(root, plan_.rules[i].path));
    found = rule.get() >= 0 && path_of(rule.get(), leads_to) && below(place, leads_to);
  }
  return found;
}

void ExecutionWatch::look(const Caller& caller, BlockedCalls& blocked) const {
  char path[PATH_MAX], link[64];
  if (!blocked.running() || !named_path(caller, path)) return;
  std::snprintf(link, sizeof link, "/proc/%u/root", caller.thread());
  const Held root(::open(link, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0 || !caller.alive()) return;
  const Held inside(open_in(root.get(), path));
  if (inside.get() >= 0) {
    char place[PATH_MAX];
    struct statvfs system{};
    if (!is_program(inside.get()) || !path_of(inside.get(), place)) return;
    const bool held = ::fstatvfs(inside.get(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0;
    if (held || !granted(root.get(), place)) blocked.add(Attempt::kExecute, place, caller);
    return;
  }
  const Held outside(::open(path, O_PATH | O_CLOEXEC));
  if (is_program(outside.get()) && path_of(outside.get(), path)) blocked.add(Attempt::kExecute, path, caller);
}

}  // namespace agentos::sandbox
