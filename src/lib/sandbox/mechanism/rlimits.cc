// setrlimit, never above what the host already set.
#include "lib/sandbox/mechanism/rlimits.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace agentos::sandbox {
namespace {

bool set_limit(int resource, std::uint64_t value, StartReport& report) {
  rlimit present{};
  const auto which = static_cast<__rlimit_resource_t>(resource);
  if (::getrlimit(which, &present) == 0) {
    const rlim_t hard = value < present.rlim_max ? value : present.rlim_max;
    const rlimit wanted{hard, hard};
    if (::setrlimit(which, &wanted) == 0) return true;
  }
  report.error = errno;
  report.stage = Stage::kResourceLimits;
  report.index = static_cast<std::uint32_t>(resource);
  return false;
}

bool set_when_wanted(int resource, std::int64_t value, StartReport& report) {
  return value <= 0 || set_limit(resource, static_cast<std::uint64_t>(value), report);
}

// By /proc/<pid>/status, which also tells of processes that are not dumpable.
bool has_user(int pid, std::uint32_t user) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/status", pid);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[2048];
  const ssize_t count = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  text[count > 0 ? count : 0] = 0;
  const char* at = std::strstr(text, "\nUid:\t");
  return at != nullptr && std::strtoul(at + 6, nullptr, 10) == user;
}

}  // namespace

std::uint64_t core_dump_limit() {
  rlimit present{};
  return ::getrlimit(RLIMIT_CORE, &present) == 0 && present.rlim_max < kNoCoreDump ? present.rlim_max : kNoCoreDump;
}

bool apply_limits(const PlanHeader& header, StartReport& report) {
  const rlimit marked{header.mark, header.mark};
  if (::setrlimit(RLIMIT_RTTIME, &marked) != 0) {
    report.error = errno;
    report.stage = Stage::kResourceLimits;
    report.index = RLIMIT_RTTIME;
    return false;
  }
  return set_limit(RLIMIT_CORE, kNoCoreDump, report) && set_when_wanted(RLIMIT_AS, header.memory_bytes, report) &&
         set_when_wanted(RLIMIT_CPU, header.cpu_seconds, report) &&
         set_when_wanted(RLIMIT_NPROC, header.processes, report) &&
         set_when_wanted(RLIMIT_NOFILE, header.open_files, report) &&
         set_when_wanted(RLIMIT_FSIZE, header.file_bytes, report);
}

bool carries_mark(int pid, const TreeMark& tree) {
  rlimit present{};
  if (::prlimit(pid, RLIMIT_RTTIME, nullptr, &present) == 0) return present.rlim_max == tree.mark;
  return errno == EPERM && tree.user != kSameUser && has_user(pid, tree.user);
}

}  // namespace agentos::sandbox
