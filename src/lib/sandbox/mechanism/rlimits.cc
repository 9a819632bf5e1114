// setrlimit, never above what the host already set.
#include "lib/sandbox/mechanism/rlimits.h"

#include <sys/resource.h>

#include <cerrno>

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

}  // namespace

bool apply_limits(const PlanHeader& header, StartReport& report) {
  const rlimit marked{header.mark, header.mark};
  if (::setrlimit(RLIMIT_RTTIME, &marked) != 0) {
    report.error = errno;
    report.stage = Stage::kResourceLimits;
    report.index = RLIMIT_RTTIME;
    return false;
  }
  return set_limit(RLIMIT_CORE, 0, report) && set_when_wanted(RLIMIT_AS, header.memory_bytes, report) &&
         set_when_wanted(RLIMIT_CPU, header.cpu_seconds, report) &&
         set_when_wanted(RLIMIT_NPROC, header.processes, report) &&
         set_when_wanted(RLIMIT_NOFILE, header.open_files, report) &&
         set_when_wanted(RLIMIT_FSIZE, header.file_bytes, report);
}

bool carries_mark(int pid, std::uint64_t mark) {
  rlimit present{};
  return ::prlimit(pid, RLIMIT_RTTIME, nullptr, &present) == 0 && present.rlim_max == mark;
}

}  // namespace agentos::sandbox
