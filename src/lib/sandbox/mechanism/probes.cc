// Each probe is one system call or two; an answer of 0 means the call was let through.
#include "lib/sandbox/mechanism/probes.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "lib/sandbox/mechanism/root_filesystem.h"
#include "lib/sandbox/mechanism/tree_directory.h"

namespace agentos::sandbox {
namespace {

constexpr std::size_t kPathMax = 4096;
constexpr std::uint16_t kDiscardPort = 9;
constexpr unsigned long kNewUserNamespaceFlag = 0x10000000;

struct Scene {
  const Plan* plan = nullptr;
  int init_pid = 0;  // as this process numbers it: 1 in a pid namespace
  bool namespaces = false;
  char canary[kPathMax] = {};
  char beside[kPathMax] = {};
};

int answer_of(long result) { return result < 0 ? errno : 0; }

int try_open(const char* path, int flags) {
  const int fd = ::open(path, flags | O_CLOEXEC, 0600);
  const int answer = answer_of(fd);
  if (fd >= 0) ::close(fd);
  return answer;
}

int try_open_of_init(int init_pid, const char* name) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/%s", init_pid, name);
  return try_open(path, O_RDONLY);
}

int try_execute(const char* path) {
  char* const arguments[] = {const_cast<char*>(path), nullptr};
  char* const environment[] = {nullptr};
  ::execve(path, arguments, environment);
  // The canary is empty: ENOEXEC means that the right to execute it was there.
  return errno == ENOEXEC ? 0 : errno;
}

// Refused means: nothing to connect with, or init's stand-in, which is no socket, and no connect that looks at the
// address.
int try_connect(const void* address, socklen_t size) {
  const int family = static_cast<const sockaddr*>(address)->sa_family;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int error = ::connect(fd, static_cast<const sockaddr*>(address), size) == 0 ? 0 : errno;
  int type = 0;
  socklen_t length = sizeof type;
  const bool is_socket = ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0;
  ::close(fd);
  return (error == EACCES || error == EPERM) && !is_socket ? error : 0;
}

int try_internet_socket() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kDiscardPort);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return try_connect(&address, sizeof address);
}

int try_path_socket(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  return try_connect(&address, sizeof address);
}

int try_io_uring() {
  alignas(8) char parameters[120] = {};
  const long fd = ::syscall(SYS_io_uring_setup, 1U, parameters);
  const int answer = answer_of(fd);
  if (fd >= 0) ::close(static_cast<int>(fd));
  return answer;
}

// The first rule that takes something away and applied here: reading what it hides, writing what it protects.
int try_denied_rule(const Plan& plan, const StartReport& report) {
  for (std::uint32_t i = 0; i < plan.header.rules; ++i) {
    const PlanRule& rule = plan.rules[i];
    if ((rule.flags & kDenyRules) == 0 || report.rules_skipped[i] != 0) continue;
    struct stat status{};
    if (::stat(rule.path, &status) != 0) return errno;
    if ((rule.flags & kHiddenRule) != 0) return try_open(rule.path, O_RDONLY);
    if ((rule.flags & kReadOnlyRule) == 0) return EACCES;
    if (!S_ISDIR(status.st_mode)) return try_open(rule.path, O_WRONLY);
    return ::utimensat(AT_FDCWD, rule.path, nullptr, 0) == 0 ? 0 : errno;
  }
  return ENOENT;
}

// Outside the grants nothing is to be seen: the tree's own directory stands for all of it.
int try_see_canary(const Plan& plan) {
  struct stat status{};
  char path[kPathMax];
  std::snprintf(path, sizeof path, "%s/%s", plan.tree_directory, kCanaryName);
  return answer_of(::stat(path, &status));
}

// Init's number means nobody inside; the first process there must be one that holds no mark, and no host process
// may be listed: the parent of the first process is 0.
int try_see_processes() {
  char text[256] = {};
  const int fd = ::open("/proc/1/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const ssize_t count = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  return count > 0 && std::strstr(text, "(agentos-init)") != nullptr ? ESRCH : 0;
}

int try_signal_others(const Scene& scene) {
  // In a pid namespace "everybody" is the tree alone, which is this process and the first one.
  return answer_of(scene.namespaces ? ::kill(-1, 0) : ::kill(scene.init_pid, 0));
}

int try_probe(Probe probe, const Scene& scene, const StartReport& report) {
  switch (probe) {
    case Probe::kReadShadow:
      return try_open("/etc/shadow", O_RDONLY);
    case Probe::kReadCanary:
      return try_open(scene.canary, O_RDONLY);
    case Probe::kWriteCanary:
      return try_open(scene.canary, O_WRONLY);
    case Probe::kCreateBesideCanary: {
      const int answer = try_open(scene.beside, O_WRONLY | O_CREAT | O_EXCL);
      if (answer == 0) ::unlink(scene.beside);
      return answer;
    }
    case Probe::kExecuteCanary:
      return try_execute(scene.canary);
    case Probe::kChangeModeCanary:
      return answer_of(::chmod(scene.canary, 0700));
    case Probe::kReadInitEnvironment:
      return try_open_of_init(scene.init_pid, "environ");
    case Probe::kReadInitMemory:
      return try_open_of_init(scene.init_pid, "mem");
    case Probe::kInternetSocket:
      return try_internet_socket();
    case Probe::kConnectPathSocket:
      return try_path_socket(scene.canary);
    case Probe::kTraceInit:
      return answer_of(::ptrace(PTRACE_SEIZE, scene.init_pid, nullptr, nullptr));
    case Probe::kSignalOthers:
      return try_signal_others(scene);
    case Probe::kIoUring:
      return try_io_uring();
    case Probe::kNewUserNamespace:
      return answer_of(::syscall(SYS_unshare, kNewUserNamespaceFlag));
    case Probe::kMount:
      return answer_of(::mount("none", "/", "tmpfs", MS_REMOUNT, nullptr));
    case Probe::kDeniedRule:
      return try_denied_rule(*scene.plan, report);
    case Probe::kSeeCanary:
      return try_see_canary(*scene.plan);
    case Probe::kSeeProcesses:
      return try_see_processes();
    case Probe::kCount:
      break;
  }
  return EINVAL;
}

}  // namespace

bool run_probes(const Plan& plan, int init_pid, StartReport& report) {
  Scene scene;
  scene.plan = &plan;
  scene.init_pid = init_pid;
  scene.namespaces = report.namespaces != 0;
  const bool new_root = scene.namespaces && !keeps_host_root(plan);
  if (new_root) {
    std::snprintf(scene.canary, sizeof scene.canary, "%s", kInsideCanary);
    std::snprintf(scene.beside, sizeof scene.beside, "%s/beside", kOwnFolder);
  } else {
    std::snprintf(scene.canary, sizeof scene.canary, "%s/%s", plan.tree_directory, kCanaryName);
    std::snprintf(scene.beside, sizeof scene.beside, "%s/beside", plan.tree_directory);
  }
  report.probes_promised = plan.header.probes_promised;
  for (std::uint32_t i = 0; i < kProbeCount; ++i) {
    const bool promised = (report.probes_promised & (1U << i)) != 0;
    // What is not promised is not tried: on a host that lets it through it would have its effect.
    report.probe_errors[i] = promised ? try_probe(static_cast<Probe>(i), scene, report) : -1;
    if (promised && report.probe_errors[i] == 0) {
      report.stage = Stage::kProbe;
      report.index = i;
      return false;
    }
  }
  return true;
}

}  // namespace agentos::sandbox
