// Mounts by descriptor (open_tree, mount_setattr, move_mount), parents before children.
//
// A deny rule that lies below a write grant pins every folder between the two by a mount of its own: a mount point can
// neither be renamed nor removed, so nobody moves the protected place away and puts another there.
#include "lib/sandbox/mechanism/root_filesystem.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "lib/sandbox/mechanism/mounts.h"
#include "lib/sandbox/mechanism/root_contents.h"
#include "lib/sandbox/mechanism/tree_directory.h"

namespace agentos::sandbox {
namespace {

constexpr int kLinksMax = 40;
constexpr std::uint32_t kMountsMax = 2 * kRulesMax;
constexpr std::size_t kCopiedBytesMax = 16 * 1024;
constexpr mode_t kReadModes = 0444;

// Steps for Stage::kRootFilesystem, in the order they are done.
enum Step : std::uint32_t { kPrivate, kTmpfs, kAttach, kOwnFiles, kProc, kPivot, kSeal };

bool starts_below(const char* path, const char* folder) {
  const std::size_t size = std::strlen(folder);
  if (size == 1) return true;
  return std::strncmp(path, folder, size) == 0 && (path[size] == 0 || path[size] == '/');
}

const char* inside(const char* absolute) { return absolute[1] == 0 ? "." : absolute + 1; }

// A path without dots and double slashes, so that prefixes compare.
void clean_path(const char* path, char (&clean)[PATH_MAX]) {
  std::size_t used = 0;
  for (const char* at = path; *at != 0;) {
    while (*at == '/') ++at;
    const std::size_t word = std::strcspn(at, "/");
    if (word == 2 && at[0] == '.' && at[1] == '.') {
      while (used > 0) {
        --used;
        if (clean[used] == '/') break;
      }
    } else if (word > 0 && !(word == 1 && at[0] == '.')) {
      clean[used++] = '/';
      std::memcpy(clean + used, at, word);
      used += word;
    }
    at += word;
  }
  if (used == 0) clean[used++] = '/';
  clean[used] = 0;
}

class RootBuilder {
 public:
  RootBuilder(const Plan& plan, int id_mapping, StartReport& report)
      : plan_(plan), report_(report), id_mapping_(id_mapping) {}
  bool build();

 private:
  struct Mounted {
    char path[PATH_MAX];
    bool writable;
  };

  bool stop(Stage stage, std::uint32_t index) {
    report_.error = errno;
    report_.stage = stage;
    report_.index = index;
    return false;
  }
  bool begin();
  bool own_files();
  bool place_rules();
  bool place(std::uint32_t index);
  bool follow(char (&path)[PATH_MAX], const char* link, std::size_t folder_size, std::size_t link_size);
  bool place_at(std::uint32_t index, const char* path, const struct stat& status);
  bool make_folder(const char* path, std::size_t size);
  bool copy_file(const PlanRule& rule, const char* path, const struct stat& status);
  bool mount_rule(std::uint32_t index, const char* path, const struct stat& status, bool writable);
  bool mount_proc();
  bool mount_shared_memory(std::uint32_t index);
  bool link_tmp();
  bool take_away(std::uint32_t index);
  bool pin_folders(const char* path, const Mounted& below);
  bool cover(const char* path, const struct stat& status, std::uint32_t flags);
  bool enter();
  const Mounted* covering(const char* path) const;
  bool remember(const char* path, bool writable);
  bool writable_anywhere(const char* path) const;
  bool replaced(const char* path) const;

  const Plan& plan_;
  StartReport& report_;
  const int id_mapping_;
  bool host_root_ = false;
  int root_ = -1;
  std::uint32_t mounted_count_ = 0;
  char made_[PATH_MAX] = {};
  static Mounted mounted_[kMountsMax];  // too large for the stack; one builder a process
};

RootBuilder::Mounted RootBuilder::mounted_[kMountsMax];

// The mount that decides about a path: the deepest, and of several at one place the last.
const RootBuilder::Mounted* RootBuilder::covering(const char* path) const {
  const Mounted* best = nullptr;
  for (std::uint32_t i = 0; i < mounted_count_; ++i) {
    if (starts_below(path, mounted_[i].path) &&
        (best == nullptr || std::strlen(mounted_[i].path) >= std::strlen(best->path))) {
      best = &mounted_[i];
    }
  }
  return best;
}

bool RootBuilder::remember(const char* path, bool writable) {
  if (mounted_count_ == kMountsMax) {
    errno = E2BIG;
    return false;
  }
  Mounted& mounted = mounted_[mounted_count_++];
  std::snprintf(mounted.path, sizeof mounted.path, "%s", path);
  mounted.writable = writable;
  return true;
}

bool RootBuilder::writable_anywhere(const char* path) const {
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    if ((plan_.rules[i].access & kAccessWrite) != 0 && std::strcmp(plan_.rules[i].path, path) == 0) return true;
  }
  return false;
}

// Whether another rule puts something else where this path is.
bool RootBuilder::replaced(const char* path) const {
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    if (plan_.rules[i].from[0] != 0 && starts_below(path, plan_.rules[i].path)) return true;
  }
  return false;
}

bool RootBuilder::begin() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return stop(Stage::kRootFilesystem, kPrivate);
  if (host_root_) {
    root_ = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root_ >= 0 && remember("/", true);
  }
  root_ = new_file_system("tmpfs", {"0755", nullptr, nullptr}, kPlainMount);
  if (root_ < 0) return stop(Stage::kRootFilesystem, kTmpfs);
  // It must stand somewhere to become the root. Over /proc it hides nothing of the host that a rule could name.
  if (!attach_mount(root_, AT_FDCWD, "/proc")) return stop(Stage::kRootFilesystem, kAttach);
  return true;
}

bool RootBuilder::own_files() {
  return host_root_ || make_root_contents(root_, plan_.header) || stop(Stage::kRootFilesystem, kOwnFiles);
}

// The folders of path[0..size), which are real folders of the host.
bool RootBuilder::make_folder(const char* path, std::size_t size) {
  char folder[PATH_MAX];
  std::memcpy(folder, path, size);
  folder[size] = 0;
  if (starts_below(made_, folder)) return true;
  if (::mkdirat(root_, inside(folder), 0755) != 0 && errno != EEXIST) return false;
  std::memcpy(made_, folder, size + 1);
  return true;
}

// Follows the host's symbolic links, making the same links in the new root, and mounts what stands at the end.
bool RootBuilder::place(std::uint32_t index) {
  char path[PATH_MAX];
  std::snprintf(path, sizeof path, "%s", plan_.rules[index].path);
  if (starts_below(path, "/proc")) return true;
  if ((plan_.rules[index].flags & kPrivateRule) != 0) return mount_shared_memory(index);
  for (int links = 0; links < kLinksMax; ++links) {
    struct stat status{};
    std::size_t end = 0;
    bool link = false;
    const std::size_t size = std::strlen(path);
    while (end < size && !link) {
      const char* slash = std::strchr(path + end + 1, '/');
      const std::size_t next = slash == nullptr ? size : static_cast<std::size_t>(slash - path);
      char prefix[PATH_MAX];
      std::memcpy(prefix, path, next);
      prefix[next] = 0;
      const bool known = next < size && starts_below(made_, prefix);
      if (!known && ::lstat(prefix, &status) != 0) return true;  // absent: Landlock's rule says so
      link = !known && S_ISLNK(status.st_mode);
      if (!link && next < size && !make_folder(path, next)) return stop(Stage::kRootRule, index);
      if (!link) end = next;
      if (link) {
        if (!follow(path, prefix, end, next)) return stop(Stage::kRootRule, index);
        if (starts_below(path, "/proc")) return true;
      }
    }
    if (!link) return place_at(index, path, status);
  }
  return true;  // a loop of links: nothing is there
}

// `link` is path[0..link_size), in the folder path[0..folder_size): makes it in the new root, and path what it leads
// to.
bool RootBuilder::follow(char (&path)[PATH_MAX], const char* link, std::size_t folder_size, std::size_t link_size) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(link, target, sizeof target - 1);
  if (length <= 0) return false;
  target[length] = 0;
  if (::symlinkat(target, root_, inside(link)) != 0 && errno != EEXIST && errno != EROFS) return false;
  char joined[PATH_MAX];
  const int size = target[0] == '/' ? std::snprintf(joined, sizeof joined, "%s%s", target, path + link_size)
                                    : std::snprintf(joined, sizeof joined, "%.*s/%s%s", static_cast<int>(folder_size),
                                                    path, target, path + link_size);
  if (size <= 0 || size >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  clean_path(joined, path);
  return true;
}

bool RootBuilder::place_at(std::uint32_t index, const char* path, const struct stat& status) {
  if (is_account_file(path, plan_.header)) {
    return make_account_file(root_, path, plan_.header) || stop(Stage::kRootRule, index);
  }
  const bool writable = (plan_.rules[index].access & kAccessWrite) != 0 || writable_anywhere(path);
  const Mounted* over = covering(path);
  const bool other = plan_.rules[index].from[0] != 0;
  if (!other && replaced(path)) return true;
  const bool done = over != nullptr && (other ? std::strcmp(over->path, path) == 0 : over->writable || !writable);
  if (done) return true;
  if (!writable && over == nullptr && copy_file(plan_.rules[index], path, status)) return true;
  return mount_rule(index, path, status, writable);
}

// Small files of /etc that are only read are copied: a mount costs several times as much, at the start and at the end.
bool RootBuilder::copy_file(const PlanRule& rule, const char* path, const struct stat& status) {
  const bool fits = S_ISREG(status.st_mode) && status.st_size < static_cast<off_t>(kCopiedBytesMax);
  if (!fits || rule.access != kAccessRead || rule.from[0] != 0 || !starts_below(path, "/etc")) return false;
  static char text[kCopiedBytesMax];
  const int from = ::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const ssize_t size = from < 0 ? -1 : ::read(from, text, sizeof text);
  if (from >= 0) ::close(from);
  if (size < 0 || size == static_cast<ssize_t>(sizeof text)) return false;
  const mode_t mode = status.st_mode & kReadModes;
  const int to = ::openat(root_, inside(path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (to < 0) return false;
  const bool done = ::write(to, text, static_cast<std::size_t>(size)) == size;
  ::close(to);
  return done;  // else it is mounted over
}

bool RootBuilder::mount_rule(std::uint32_t index, const char* path, const struct stat& status, bool writable) {
  const char* from = plan_.rules[index].from;
  const int tree = copy_mount(AT_FDCWD, from[0] != 0 ? from : path);
  if (tree < 0) return stop(Stage::kRootRule, index);
  std::uint64_t attributes = MOUNT_ATTR_NOSUID;
  if (!S_ISCHR(status.st_mode)) attributes |= MOUNT_ATTR_NODEV;
  if (!writable) attributes |= MOUNT_ATTR_RDONLY;
  const bool owned = (plan_.rules[index].flags & kOwnedRule) != 0 && id_mapping_ >= 0;
  bool done = set_mount_attributes(tree, attributes, owned ? id_mapping_ : -1);
  // A file system that knows no id mapping keeps its owners: the program then has the rights of others there.
  if (!done && owned) done = set_mount_attributes(tree, attributes, -1);
  if (done && covering(path) == nullptr) {  // else the place to mount on is there
    if (S_ISDIR(status.st_mode)) {
      done = ::mkdirat(root_, inside(path), 0755) == 0 || errno == EEXIST;
    } else {
      const int fd = ::openat(root_, inside(path), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0);
      done = fd >= 0;
      if (fd >= 0) ::close(fd);
    }
  }
  done = done && attach_mount(tree, root_, inside(path));
  const int error = errno;
  ::close(tree);
  errno = error;
  if (!done || !remember(path, writable)) return stop(Stage::kRootRule, index);
  return true;
}

bool RootBuilder::place_rules() {
  // Parents first: by length. The list is short and nearly sorted work would not pay.
  static std::uint32_t order[kRulesMax];
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    std::uint32_t at = i;
    const std::size_t size = std::strlen(plan_.rules[i].path);
    while (at > 0 && std::strlen(plan_.rules[order[at - 1]].path) > size) {
      order[at] = order[at - 1];
      --at;
    }
    order[at] = i;
  }
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    if ((plan_.rules[order[i]].flags & kDenyRules) == 0 && !host_root_ && !place(order[i])) return false;
  }
  if (!mount_proc() || !link_tmp()) return false;
  for (std::uint32_t i = 0; i < plan_.header.rules; ++i) {
    if ((plan_.rules[order[i]].flags & kDenyRules) != 0 && !take_away(order[i])) return false;
  }
  return true;
}

// Memory of the tree's own, where POSIX shared memory and semaphores have their names.
bool RootBuilder::mount_shared_memory(std::uint32_t index) {
  const int memory = new_file_system("tmpfs", {"1777", "256m", "65536"}, kPlainMount);
  ::mkdirat(root_, inside(kSharedMemoryFolder), 0755);
  const bool done =
      memory >= 0 && attach_mount(memory, root_, inside(kSharedMemoryFolder)) && remember(kSharedMemoryFolder, true);
  const int error = errno;
  if (memory >= 0) ::close(memory);
  errno = error;
  return done || stop(Stage::kRootRule, index);
}

bool RootBuilder::mount_proc() {
  if (!host_root_ && ::mkdirat(root_, "proc", 0555) != 0 && errno != EEXIST) return stop(Stage::kRootFilesystem, kProc);
  const int proc = new_file_system("proc", {}, kPlainMount | MOUNT_ATTR_NOEXEC);
  const bool done = proc >= 0 && attach_mount(proc, root_, "proc");
  const int error = errno;
  if (proc >= 0) ::close(proc);
  errno = error;
  return done || stop(Stage::kRootFilesystem, kProc);
}

// Programs that write to /tmp by name find the private one, unless the profile says something else about /tmp.
bool RootBuilder::link_tmp() {
  if (host_root_ || (plan_.header.flags & kDirectTmp) == 0) return true;
  char target[PATH_MAX];
  std::snprintf(target, sizeof target, "%s/%s", plan_.tree_directory, kTmpName);
  return ::symlinkat(target, root_, "tmp") == 0 || errno == EEXIST || stop(Stage::kRootFilesystem, kOwnFiles);
}

bool RootBuilder::pin_folders(const char* path, const Mounted& below) {
  std::size_t end = std::strlen(below.path) == 1 ? 0 : std::strlen(below.path);
  for (;;) {
    const char* slash = std::strchr(path + end + 1, '/');
    if (slash == nullptr) return true;
    end = static_cast<std::size_t>(slash - path);
    char folder[PATH_MAX];
    std::memcpy(folder, path, end);
    folder[end] = 0;
    const Mounted* present = covering(folder);
    if (present != nullptr && std::strcmp(present->path, folder) == 0) continue;
    const int tree = copy_mount(root_, inside(folder));
    const bool done = tree >= 0 && attach_mount(tree, root_, inside(folder)) && remember(folder, true);
    const int error = errno;
    if (tree >= 0) ::close(tree);
    errno = error;
    if (!done) return false;
  }
}

bool RootBuilder::cover(const char* path, const struct stat& status, std::uint32_t flags) {
  const bool hidden = (flags & kHiddenRule) != 0;
  int tree = -1;
  if (!hidden) {
    tree = copy_mount(root_, inside(path));
  } else if (host_root_) {
    tree = new_file_system("tmpfs", {"0", nullptr, nullptr},
                           kPlainMount);  // a hidden file of a granted "/" is refused by the launcher
  } else {
    tree = copy_mount(root_, S_ISDIR(status.st_mode) ? kHiddenFolder : kHiddenFile);
  }
  if (tree < 0) return false;
  std::uint64_t attributes = kPlainMount;
  if (hidden || (flags & kReadOnlyRule) != 0) attributes |= MOUNT_ATTR_RDONLY;
  if (hidden || (flags & kNoExecuteRule) != 0) attributes |= MOUNT_ATTR_NOEXEC;
  const bool done =
      set_mount_attributes(tree, attributes, -1) && attach_mount(tree, root_, inside(path)) && remember(path, false);
  const int error = errno;
  ::close(tree);
  errno = error;
  return done;
}

bool RootBuilder::take_away(std::uint32_t index) {
  const PlanRule& rule = plan_.rules[index];
  struct stat status{};
  if (::fstatat(root_, inside(rule.path), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return stop(Stage::kDenyRule, index);
    report_.rules_skipped[index] = 1;
    return true;
  }
  // Nothing can be mounted over a link, and whoever may write beside it could point it elsewhere.
  if (S_ISLNK(status.st_mode) || (host_root_ && (rule.flags & kHiddenRule) != 0 && !S_ISDIR(status.st_mode))) {
    errno = ELOOP;
    return stop(Stage::kDenyRule, index);
  }
  const Mounted* over = covering(rule.path);
  if (over == nullptr) {  // it is seen, and yet below no grant that is known
    errno = EXDEV;
    return stop(Stage::kDenyRule, index);
  }
  if (over->writable && std::strcmp(over->path, rule.path) != 0 && !pin_folders(rule.path, *over)) {
    return stop(Stage::kDenyRule, index);
  }
  return cover(rule.path, status, rule.flags) || stop(Stage::kDenyRule, index);
}

bool RootBuilder::enter() {
  if (host_root_) return true;
  if (::fchdir(root_) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
      ::chdir("/") != 0) {
    return stop(Stage::kRootFilesystem, kPivot);
  }
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::syscall(SYS_mount_setattr, AT_FDCWD, "/", 0U, &attributes, sizeof attributes) != 0) {
    return stop(Stage::kRootFilesystem, kSeal);
  }
  return true;
}

bool RootBuilder::build() {
  host_root_ = keeps_host_root(plan_);
  ::umask(0);
  return begin() && own_files() && place_rules() && enter();
}

}  // namespace

bool keeps_host_root(const Plan& plan) {
  for (std::uint32_t i = 0; i < plan.header.rules; ++i) {
    if ((plan.rules[i].flags & kDenyRules) == 0 && std::strcmp(plan.rules[i].path, "/") == 0) return true;
  }
  return false;
}

bool build_root(const Plan& plan, int id_mapping, StartReport& report) {
  return RootBuilder(plan, id_mapping, report).build();
}

}  // namespace agentos::sandbox
