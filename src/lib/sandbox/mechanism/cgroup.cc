// cgroupfs by plain files; paths are built in fixed buffers because init has no allocator to speak of.
#include "lib/sandbox/mechanism/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lib/sandbox/mechanism/tree.h"

namespace agentos::sandbox {
namespace {

constexpr int kRemoveAttemptsMax = 50;
constexpr std::int64_t kCpuPeriodUs = 100'000;
constexpr std::int64_t kProbeValue = std::int64_t{1} << 30;
constexpr const char* kControllers[kOldControllers] = {"pids", "memory", "cpu", "freezer"};

void sleep_us(long microseconds) {
  const timespec pause{0, microseconds * 1000};
  ::nanosleep(&pause, nullptr);
}

bool join_path(char (&into)[kCgroupPathMax], const char* folder, const char* name) {
  const int length = std::snprintf(into, sizeof into, "%s/%s", folder, name);
  return length > 0 && static_cast<std::size_t>(length) < sizeof into;
}

int write_file(const char* folder, const char* name, const char* text) {
  char path[kCgroupPathMax];
  if (!join_path(path, folder, name)) return ENAMETOOLONG;
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const auto size = static_cast<ssize_t>(std::strlen(text));
  const int error = ::write(fd, text, static_cast<std::size_t>(size)) == size ? 0 : errno;
  ::close(fd);
  return error;
}

bool write_number(const char* folder, const char* name, std::int64_t value) {
  char number[32];
  std::snprintf(number, sizeof number, "%lld", static_cast<long long>(value));
  return write_file(folder, name, number) == 0;
}

bool read_file(const char* path, char* into, std::size_t size) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t count = ::read(fd, into, size - 1);
  ::close(fd);
  into[count > 0 ? count : 0] = 0;
  return count >= 0;
}

bool file_says(const char* folder, const char* name, const char* word) {
  char path[kCgroupPathMax];
  char text[256];
  return join_path(path, folder, name) && read_file(path, text, sizeof text) && std::strstr(text, word) != nullptr;
}

// Whether a comma-separated list has the word.
bool lists(const char* list, std::size_t size, const char* word) {
  const std::size_t length = std::strlen(word);
  for (std::size_t at = 0; at < size;) {
    const char* end = static_cast<const char*>(std::memchr(list + at, ',', size - at));
    const std::size_t part = end == nullptr ? size - at : static_cast<std::size_t>(end - list) - at;
    if (part == length && std::memcmp(list + at, word, length) == 0) return true;
    at += part + 1;
  }
  return false;
}

// The caller's group from a line "number:controllers:path" of /proc/self/cgroup; controller "" is v2. NUL-terminated
// in place; nullptr when there is none.
const char* own_group(char* text, const char* controller) {
  for (char* line = text; *line != 0;) {
    char* end = std::strchr(line, '\n');
    if (end != nullptr) *end = 0;
    char* names = std::strchr(line, ':');
    char* path = names == nullptr ? nullptr : std::strchr(names + 1, ':');
    if (path != nullptr) {
      const auto size = static_cast<std::size_t>(path - names) - 1;
      if (controller[0] == 0 ? size == 0 : lists(names + 1, size, controller)) return path + 1;
    }
    if (end == nullptr) break;
    line = end + 1;
  }
  return nullptr;
}

const char* unified_root() {
  if (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) return "/sys/fs/cgroup";
  if (::access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0) return "/sys/fs/cgroup/unified";
  return nullptr;
}

// <root><own group>/agentos-<mark>; false when this host has no such hierarchy.
bool leaf_path(char (&path)[kCgroupPathMax], const char* root, const char* controller, std::uint64_t mark) {
  char text[4096];
  if (root == nullptr || !read_file("/proc/self/cgroup", text, sizeof text)) return false;
  const char* own = own_group(text, controller);
  if (own == nullptr) return false;
  const char* middle = std::strcmp(own, "/") == 0 ? "" : own;
  const int length =
      std::snprintf(path, sizeof path, "%s%s/agentos-%llx", root, middle, static_cast<unsigned long long>(mark));
  return length > 0 && static_cast<std::size_t>(length) < sizeof path;
}

bool old_path(char (&path)[kCgroupPathMax], OldController which, std::uint64_t mark) {
  const char* controller = kControllers[static_cast<int>(which)];
  char root[64];
  std::snprintf(root, sizeof root, "/sys/fs/cgroup/%s", controller);
  return ::access(root, F_OK) == 0 && leaf_path(path, root, controller, mark);
}

void remove_leaf(char* path) {
  if (path[0] == 0) return;
  for (int i = 0; i < kRemoveAttemptsMax && ::rmdir(path) != 0 && errno == EBUSY; ++i) sleep_us(1000);
  path[0] = 0;
}

bool set_old(const char* path, OldController which, const TreeLimits& limits) {
  switch (which) {
    case OldController::kPids:
      return write_number(path, "pids.max", limits.processes);
    case OldController::kMemory:
      if (!write_number(path, "memory.limit_in_bytes", limits.memory_bytes)) return false;
      write_number(path, "memory.memsw.limit_in_bytes", limits.memory_bytes);  // absent without swap accounting
      return true;
    case OldController::kCpu:
      return write_number(path, "cpu.cfs_period_us", kCpuPeriodUs) &&
             write_number(path, "cpu.cfs_quota_us", limits.cpu_percent * kCpuPeriodUs / 100);
    case OldController::kFreezer:
      return true;
  }
  return false;
}

bool make_old(OldCgroup& group, OldController which, std::uint64_t mark, const TreeLimits& limits) {
  if (!old_path(group.path, which, mark) || ::mkdir(group.path, 0755) != 0) {
    group.path[0] = 0;
    return false;
  }
  char tasks[kCgroupPathMax];
  if (set_old(group.path, which, limits) && join_path(tasks, group.path, "tasks")) {
    group.tasks = ::open(tasks, O_WRONLY | O_CLOEXEC);
  }
  if (group.tasks >= 0) return true;
  remove_leaf(group.path);
  return false;
}

bool set_unified(const char* path, CgroupLimit limit, const TreeLimits& limits) {
  if (path[0] == 0) return false;
  if (limit == CgroupLimit::kProcesses) return write_number(path, "pids.max", limits.processes);
  if (limit == CgroupLimit::kMemory) {
    if (!write_number(path, "memory.max", limits.memory_bytes)) return false;
    write_number(path, "memory.swap.max", 0);
    return true;
  }
  char text[64];
  std::snprintf(text, sizeof text, "%lld %lld", static_cast<long long>(limits.cpu_percent * kCpuPeriodUs / 100),
                static_cast<long long>(kCpuPeriodUs));
  return write_file(path, "cpu.max", text) == 0;
}

void make_unified(Cgroup& cgroup, std::uint64_t mark) {
  if (!leaf_path(cgroup.path, unified_root(), "", mark) || ::mkdir(cgroup.path, 0755) != 0) {
    cgroup.path[0] = 0;
    return;
  }
  char kill[kCgroupPathMax];
  const bool usable = join_path(kill, cgroup.path, "cgroup.kill") && ::access(kill, W_OK) == 0;
  cgroup.directory = usable ? ::open(cgroup.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (cgroup.directory < 0) remove_leaf(cgroup.path);
}

}  // namespace

Cgroup make_cgroup(std::uint64_t mark, const TreeLimits& limits) {
  Cgroup cgroup;
  make_unified(cgroup, mark);
  const std::int64_t wanted[] = {limits.processes, limits.memory_bytes, limits.cpu_percent};
  for (int i = 0; i < 3; ++i) {
    if (wanted[i] <= 0) continue;
    const auto which = static_cast<OldController>(i);
    if (set_unified(cgroup.path, static_cast<CgroupLimit>(i), limits) || make_old(cgroup.old[i], which, mark, limits)) {
      cgroup.limits |= 1U << i;
    }
  }
  if (cgroup.path[0] == 0) {
    make_old(cgroup.old[static_cast<int>(OldController::kFreezer)], OldController::kFreezer, mark, limits);
  }
  return cgroup;
}

bool join_cgroups(const Cgroup& cgroup, StartReport& report) {
  for (const OldCgroup& group : cgroup.old) {
    if (group.tasks < 0 || ::write(group.tasks, "0", 1) == 1) continue;
    report.stage = Stage::kCgroupLimit;
    report.error = errno;
    return false;
  }
  return true;
}

Cgroup find_cgroup(std::uint64_t mark) {
  Cgroup cgroup;
  if (!leaf_path(cgroup.path, unified_root(), "", mark) || ::access(cgroup.path, F_OK) != 0) cgroup.path[0] = 0;
  for (int i = 0; i < kOldControllers; ++i) {
    char(&path)[kCgroupPathMax] = cgroup.old[i].path;
    if (!old_path(path, static_cast<OldController>(i), mark) || ::access(path, F_OK) != 0) path[0] = 0;
  }
  return cgroup;
}

void give_up_leaf(Cgroup& cgroup) {
  if (cgroup.directory >= 0) ::close(cgroup.directory);
  cgroup.directory = -1;
  remove_leaf(cgroup.path);
}

void remove_cgroup(Cgroup& cgroup) {
  give_up_leaf(cgroup);
  for (OldCgroup& group : cgroup.old) {
    if (group.tasks >= 0) ::close(group.tasks);
    group.tasks = -1;
    remove_leaf(group.path);
  }
}

int kill_cgroup(const Cgroup& cgroup) {
  return cgroup.path[0] == 0 ? ENOENT : write_file(cgroup.path, "cgroup.kill", "1");
}

int freeze_cgroup(const Cgroup& cgroup) {
  const char* freezer = cgroup.old[static_cast<int>(OldController::kFreezer)].path;
  const bool unified = cgroup.path[0] != 0;
  if (!unified && freezer[0] == 0) return ENOENT;
  const int error =
      unified ? write_file(cgroup.path, "cgroup.freeze", "1") : write_file(freezer, "freezer.state", "FROZEN");
  if (error != 0) return error;
  const std::int64_t deadline_ms = monotonic_ms() + kFreezeMsMax;
  while (monotonic_ms() < deadline_ms) {
    if (unified ? file_says(cgroup.path, "cgroup.events", "frozen 1") : file_says(freezer, "freezer.state", "FROZEN")) {
      return 0;
    }
    sleep_us(1000);
  }
  return ETIMEDOUT;
}

int thaw_cgroup(const Cgroup& cgroup) {
  const char* freezer = cgroup.old[static_cast<int>(OldController::kFreezer)].path;
  if (cgroup.path[0] != 0) return write_file(cgroup.path, "cgroup.freeze", "0");
  return freezer[0] == 0 ? ENOENT : write_file(freezer, "freezer.state", "THAWED");
}

bool cgroup_populated(const Cgroup& cgroup) {
  return cgroup.path[0] != 0 && file_says(cgroup.path, "cgroup.events", "populated 1");
}

CgroupOffer probe_cgroup() {
  CgroupOffer offer;
  const auto mark = static_cast<std::uint64_t>(::getpid());
  Cgroup cgroup = make_cgroup(mark, {kProbeValue >> 10, kProbeValue, 100});
  offer.limits = cgroup.limits;
  offer.freezer = cgroup.old[static_cast<int>(OldController::kFreezer)].path[0] != 0;
  if (cgroup.path[0] == 0) {
    const char* root = unified_root();
    offer.leaf_error = root == nullptr ? ENOENT : (::access(root, W_OK) == 0 ? ENOENT : EACCES);
  }
  remove_cgroup(cgroup);
  return offer;
}

}  // namespace agentos::sandbox
