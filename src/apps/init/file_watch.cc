// The path is resolved in the caller's own root; a file that is not there, but on the host, is one that was hidden.
#include "apps/init/file_watch.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "lib/sandbox/mechanism/root_filesystem.h"

namespace agentos::sandbox {
namespace {

constexpr std::uint32_t kTakenAway[] = {kHiddenRule, kHiddenRule | kReadOnlyRule, kHiddenRule | kNoExecuteRule};
constexpr mode_t kAnyExecute = 0111;

int open_in(int root, const char* path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  return static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
}

bool below(const char* path, const char* folder) {
  const std::size_t size = std::strlen(folder);
  if (size == 1) return true;  // "/"
  return std::strncmp(path, folder, size) == 0 && (path[size] == 0 || path[size] == '/');
}

std::uint32_t access_of_flags(int flags) {
  const int mode = flags & O_ACCMODE;
  std::uint32_t access = mode == O_WRONLY ? kAccessWrite : mode == O_RDONLY ? kAccessRead : kAccessRead | kAccessWrite;
  if ((flags & (O_CREAT | O_TRUNC)) != 0) access |= kAccessWrite;
  return access;
}

// The folder a path is in; false for "/".
bool cut_last_name(char (&path)[PATH_MAX]) {
  char* slash = std::strrchr(path, '/');
  if (slash == nullptr || path[1] == 0) return false;
  slash[slash == path ? 1 : 0] = 0;
  return true;
}

}  // namespace

struct FileWatch::Question {
  Attempt attempt = Attempt::kExecute;
  std::uint32_t access = kAccessExecute;
  bool makes = false;        // the file, when it is not there
  char path[PATH_MAX] = {};  // absolute as the caller sees it, with links and dots
};

// False: by descriptor alone, or unreadable.
bool FileWatch::read_question(const Caller& caller, Question& question) const {
  bool at = false;
  int flags = 0;
  switch (caller.number()) {
    case SYS_execveat:
      at = true;
      break;
    case SYS_execve:
      break;
    case SYS_openat:
      at = true;
      flags = static_cast<int>(caller.argument(2));
      question.attempt = Attempt::kOpen;
      break;
#ifdef __x86_64__
    case SYS_open:
      flags = static_cast<int>(caller.argument(1));
      question.attempt = Attempt::kOpen;
      break;
    case SYS_creat:
      flags = O_WRONLY | O_CREAT | O_TRUNC;
      question.attempt = Attempt::kOpen;
      break;
#endif
    default:
      return false;
  }
  if (question.attempt == Attempt::kOpen) {
    if ((flags & O_PATH) != 0) return false;  // asks for nothing
    question.access = access_of_flags(flags);
    question.makes = (flags & O_CREAT) != 0;
  }
  char given[PATH_MAX];
  if (!caller.read_path(caller.argument(at ? 1 : 0), given) || given[0] == 0) return false;
  if (given[0] != '/') {
    const Held folder(caller.open_descriptor(at ? static_cast<int>(caller.argument(0)) : AT_FDCWD));
    if (folder.get() < 0 || !path_of(folder.get(), question.path)) return false;
  }
  const std::size_t used = std::strlen(question.path);
  const int more =
      std::snprintf(question.path + used, sizeof question.path - used, "%s%s", used == 0 ? "" : "/", given);
  return more > 0 && static_cast<std::size_t>(more) < sizeof question.path - used;
}

bool FileWatch::granted(int root, const char* place, std::uint32_t access) const {
  std::uint32_t left = access;
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    const PlanRule& rule = plan_.rules[i];
    for (std::uint32_t bit = 0; bit < 3; ++bit) {
      const bool taken = (access >> bit & 1U) != 0 && (rule.flags & kTakenAway[bit]) != 0;
      if (taken && below(place, rule.path)) return false;
    }
    if ((rule.access & left) != 0 && below(place, rule.path)) left &= ~rule.access;
  }
  // Grants stand where their symbolic links lead.
  for (std::uint32_t i = 0; i < plan_.header.rules && left != 0; ++i) {
    if ((plan_.rules[i].access & left) == 0) continue;
    char leads_to[PATH_MAX];
    const Held rule(open_in(root, plan_.rules[i].path));
    if (rule.get() >= 0 && path_of(rule.get(), leads_to) && below(place, leads_to)) left &= ~plan_.rules[i].access;
  }
  return left == 0;
}

void FileWatch::look(const Caller& caller, BlockedCalls& blocked) const {
  Question question;
  char link[64], place[PATH_MAX];
  const bool traced = (plan_.header.flags & kTraced) != 0;
  if (!blocked.is_of_program(caller) || !read_question(caller, question)) return;
  std::snprintf(link, sizeof link, "/proc/%u/root", caller.thread());
  const Held root(::open(link, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0 || !caller.alive()) return;
  struct stat status{};
  const auto is_program = [&](int file) {
    return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & kAnyExecute) != 0;
  };
  const bool opens = question.attempt == Attempt::kOpen;
  const Held inside(open_in(root.get(), question.path));
  if (inside.get() >= 0) {
    struct statvfs system{};
    if (!(opens || is_program(inside.get())) || !path_of(inside.get(), place)) return;
    const bool held = !opens && ::fstatvfs(inside.get(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0;
    // A root that holds the grants alone may be listed, and its /proc is the tree's own.
    const bool own = (plan_.header.flags & kUseNamespaces) != 0 && !keeps_host_root(plan_) && opens &&
                     question.access == kAccessRead &&
                     ((::fstat(inside.get(), &status) == 0 && S_ISDIR(status.st_mode)) || below(place, "/proc"));
    const bool allowed = own || (!held && granted(root.get(), place, question.access));
    if (!allowed || traced) blocked.add(question.attempt, place, caller, question.access, allowed);
    return;
  }
  const Held outside(::open(question.path, O_PATH | O_CLOEXEC));
  if (outside.get() >= 0 && (opens || is_program(outside.get()))) {
    if (path_of(outside.get(), place)) blocked.add(question.attempt, place, caller, question.access);
    return;
  }
  if (!question.makes) return;  // there is no such file, which is no refusal
  char folder[PATH_MAX];
  std::memcpy(folder, question.path, sizeof folder);
  if (!cut_last_name(folder)) return;
  const Held above(open_in(root.get(), folder));
  const bool seen = above.get() >= 0 && path_of(above.get(), folder);
  const int size = std::snprintf(place, sizeof place, "%s%s", folder, std::strrchr(question.path, '/'));
  if (size <= 0 || static_cast<std::size_t>(size) >= sizeof place) return;
  const bool allowed = seen && granted(root.get(), place, question.access);
  if (!allowed || traced) blocked.add(question.attempt, place, caller, question.access, allowed);
}

}  // namespace agentos::sandbox
