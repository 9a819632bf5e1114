// cgroupfs by plain files; paths are built in fixed buffers because init has no allocator to speak of.
#include "lib/sandbox/mechanism/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace agentos::sandbox {
namespace {

constexpr int kRemoveAttemptsMax = 50;
constexpr int kFreezeAttemptsMax = 2000;
constexpr const char* kPidsRoot = "/sys/fs/cgroup/pids";
constexpr const char* kPidsKey = ":pids:";
constexpr const char* kUnifiedKey = "0::";

void sleep_us(long microseconds) {
  const timespec pause{0, microseconds * 1000};
  ::nanosleep(&pause, nullptr);
}

bool join(char (&into)[kCgroupPathMax], const char* folder, const char* name) {
  const int length = std::snprintf(into, sizeof into, "%s/%s", folder, name);
  return length > 0 && static_cast<std::size_t>(length) < sizeof into;
}

int write_file(const char* folder, const char* name, const char* text) {
  char path[kCgroupPathMax];
  if (!join(path, folder, name)) return ENAMETOOLONG;
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const auto size = static_cast<ssize_t>(std::strlen(text));
  const int error = ::write(fd, text, static_cast<std::size_t>(size)) == size ? 0 : errno;
  ::close(fd);
  return error;
}

bool read_file(const char* path, char* into, std::size_t size) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t count = ::read(fd, into, size - 1);
  ::close(fd);
  into[count > 0 ? count : 0] = 0;
  return count >= 0;
}

bool event_is(const char* folder, const char* line) {
  char path[kCgroupPathMax];
  char text[256];
  return join(path, folder, "cgroup.events") && read_file(path, text, sizeof text) &&
         std::strstr(text, line) != nullptr;
}

// The path after "<key>" in a line of /proc/self/cgroup, NUL-terminated in place; nullptr when there is none.
const char* own_group(char* text, const char* key) {
  char* at = std::strstr(text, key);
  if (at == nullptr) return nullptr;
  at += std::strlen(key);
  char* end = std::strchr(at, '\n');
  if (end != nullptr) *end = 0;
  return at;
}

const char* unified_root() {
  if (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) return "/sys/fs/cgroup";
  if (::access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0) return "/sys/fs/cgroup/unified";
  return nullptr;
}

// <root><own group>/agentos-<mark>; false when this host has no such hierarchy.
bool leaf_path(char (&path)[kCgroupPathMax], const char* root, const char* key, std::uint64_t mark) {
  char text[4096];
  if (root == nullptr || !read_file("/proc/self/cgroup", text, sizeof text)) return false;
  const char* own = own_group(text, key);
  if (own == nullptr) return false;
  const char* middle = std::strcmp(own, "/") == 0 ? "" : own;
  const int length =
      std::snprintf(path, sizeof path, "%s%s/agentos-%llx", root, middle, static_cast<unsigned long long>(mark));
  return length > 0 && static_cast<std::size_t>(length) < sizeof path;
}

// Empty on failure.
void make_leaf(char (&path)[kCgroupPathMax], const char* root, const char* key, std::uint64_t mark) {
  if (!leaf_path(path, root, key, mark) || ::mkdir(path, 0755) != 0) path[0] = 0;
}

void find_leaf(char (&path)[kCgroupPathMax], const char* root, const char* key, std::uint64_t mark) {
  if (!leaf_path(path, root, key, mark) || ::access(path, F_OK) != 0) path[0] = 0;
}

void limit_processes(Cgroup& cgroup, std::uint64_t mark, std::int64_t processes) {
  char number[32];
  std::snprintf(number, sizeof number, "%lld", static_cast<long long>(processes));
  if (cgroup.path[0] != 0 && write_file(cgroup.path, "pids.max", number) == 0) {
    cgroup.pids_limited = true;
    return;
  }
  make_leaf(cgroup.pids_path, kPidsRoot, kPidsKey, mark);
  char tasks[kCgroupPathMax];
  if (cgroup.pids_path[0] == 0 || write_file(cgroup.pids_path, "pids.max", number) != 0 ||
      !join(tasks, cgroup.pids_path, "tasks")) {
    return;
  }
  cgroup.pids_tasks = ::open(tasks, O_WRONLY | O_CLOEXEC);
  cgroup.pids_limited = cgroup.pids_tasks >= 0;
}

void remove_leaf(char* path) {
  if (path[0] == 0) return;
  for (int i = 0; i < kRemoveAttemptsMax && ::rmdir(path) != 0 && errno == EBUSY; ++i) sleep_us(1000);
  path[0] = 0;
}

}  // namespace

Cgroup make_cgroup(std::uint64_t mark, std::int64_t processes) {
  Cgroup cgroup;
  make_leaf(cgroup.path, unified_root(), kUnifiedKey, mark);
  if (cgroup.path[0] != 0) {
    char kill[kCgroupPathMax];
    const bool usable = join(kill, cgroup.path, "cgroup.kill") && ::access(kill, W_OK) == 0;
    cgroup.directory = usable ? ::open(cgroup.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (cgroup.directory < 0) remove_leaf(cgroup.path);
  }
  if (processes > 0) limit_processes(cgroup, mark, processes);
  return cgroup;
}

Cgroup find_cgroup(std::uint64_t mark) {
  Cgroup cgroup;
  find_leaf(cgroup.path, unified_root(), kUnifiedKey, mark);
  find_leaf(cgroup.pids_path, kPidsRoot, kPidsKey, mark);
  return cgroup;
}

void remove_cgroup(Cgroup& cgroup) {
  if (cgroup.directory >= 0) ::close(cgroup.directory);
  if (cgroup.pids_tasks >= 0) ::close(cgroup.pids_tasks);
  cgroup.directory = cgroup.pids_tasks = -1;
  remove_leaf(cgroup.path);
  remove_leaf(cgroup.pids_path);
}

int kill_cgroup(const char* path) { return write_file(path, "cgroup.kill", "1"); }

int freeze_cgroup(const char* path) {
  const int error = write_file(path, "cgroup.freeze", "1");
  if (error != 0) return error;
  for (int i = 0; i < kFreezeAttemptsMax; ++i) {
    if (event_is(path, "frozen 1")) return 0;
    sleep_us(1000);
  }
  return ETIMEDOUT;
}

int thaw_cgroup(const char* path) { return write_file(path, "cgroup.freeze", "0"); }

bool cgroup_populated(const char* path) { return event_is(path, "populated 1"); }

int probe_cgroup() {
  if (unified_root() == nullptr) return ENOENT;
  Cgroup cgroup = make_cgroup(static_cast<std::uint64_t>(::getpid()), 0);
  if (cgroup.path[0] == 0) return ::access(unified_root(), W_OK) == 0 ? ENOENT : EACCES;
  char freeze[kCgroupPathMax];
  int error = ENAMETOOLONG;
  if (join(freeze, cgroup.path, "cgroup.freeze")) error = ::access(freeze, W_OK) == 0 ? 0 : errno;
  remove_cgroup(cgroup);
  return error;
}

}  // namespace agentos::sandbox
