// agentos-init: one per process tree. It receives a launch plan on descriptor 3, starts the program under the plan's
// confinement, stays outside that confinement itself, and when its control socket closes, its program exits or its
// time is over, it kills the whole tree and waits until nothing is left.
//
// It trusts the launcher and nothing else: no environment, no descriptor but the control socket, and no arguments but
// `--probe FOLDER`, which asks what this host gives and starts nothing, and `--ahead`: its plan comes later, and it
// makes itself the network namespace that will be the tree's.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "apps/init/first_process.h"
#include "apps/init/supervisor.h"
#include "lib/sandbox/mechanism/credentials.h"
#include "lib/sandbox/mechanism/namespaces.h"
#include "lib/sandbox/mechanism/tree.h"
#include "lib/sandbox/mechanism/tree_directory.h"

namespace agentos::sandbox {
namespace {

constexpr int kUsageExitCode = 64;
constexpr int kSignalsFd = 4;
constexpr std::size_t kProbePathMax = 4096;

bool own_descriptors() {
  if (::syscall(SYS_close_range, unsigned{kControlFd} + 1, ~0U, 0U) != 0) return false;
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return false;
  for (int i = 0; i < 3; ++i) {
    if (::dup2(null, i) < 0) return false;
  }
  if (null > kControlFd) ::close(null);
  ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  return ::signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC) == kSignalsFd;
}

bool own_process() {
  // Not dumpable: a process of the same user can neither trace it nor read its memory or environment.
  return ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
         set_no_new_privileges() == 0 && ::chdir("/") == 0;
}

bool receive_fds(ProgramFds& fds, std::size_t least) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds.plan)];
  char byte = 0;
  iovec payload{&byte, 1};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(kControlFd, &message, MSG_CMSG_CLOEXEC) != 1) return false;
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) return false;
  const std::size_t bytes = head->cmsg_len - CMSG_LEN(0);
  if (bytes < sizeof(int) * least || bytes > sizeof fds.plan) return false;
  std::memcpy(fds.plan, CMSG_DATA(head), bytes);
  return true;
}

// The plan's bytes, kept for the life of the process; nullptr when they cannot be read.
char* read_plan_file(int fd, std::size_t& size) {
  struct stat status{};
  if (::fstat(fd, &status) != 0 || status.st_size <= 0 || static_cast<std::size_t>(status.st_size) > kPlanBytesMax) {
    return nullptr;
  }
  size = static_cast<std::size_t>(status.st_size);
  char* bytes = static_cast<char*>(std::malloc(size));
  std::size_t filled = 0;
  while (bytes != nullptr && filled < size) {
    const ssize_t count = ::pread(fd, bytes + filled, size - filled, static_cast<off_t>(filled));
    if (count <= 0) return nullptr;
    filled += static_cast<std::size_t>(count);
  }
  return bytes;
}

// For the launcher, before it promises anything: are all namespaces to be had here? The answer is a StartReport on
// descriptor 3. `base` is where tree directories are made.
int probe(const char* base) {
  static Plan plan;
  auto* report = static_cast<StartReport*>(shared_memory(sizeof(StartReport)));
  if (report == nullptr || !own_descriptors() || !own_process()) return kUsageExitCode;
  *report = StartReport{};
  static char directory[kProbePathMax];  // the plan keeps it
  std::snprintf(directory, sizeof directory, "%s/agentos-probe-%d", base, ::getpid());
  plan.header.flags = kUseNamespaces | kNetworkRefused;
  plan.header.rules = 1;
  plan.rules[0] = {.path = "/usr", .from = "", .access = 1, .flags = kOptionalRule};
  plan.tree_directory = directory;
  report->stage = Stage::kTreeDirectory;
  report->error = make_tree_directory(directory, TreeTmp::kNone, kSameUser);
  if (report->error == 0) report->error = probe_namespaces(plan, *report);
  remove_tree_directory(directory);
  ::send(kControlFd, report, sizeof *report, MSG_NOSIGNAL);
  return 0;
}

int run(NetworkNamespace network) {
  static Plan plan;  // too large for the stack
  ProgramFds fds;
  if (!own_descriptors() || !own_process()) return kUsageExitCode;
  if (network == NetworkNamespace::kAhead && enter_own_network() != 0) return kUsageExitCode;
  if (!receive_fds(fds, kAgent)) return kUsageExitCode;
  std::size_t size = 0;
  char* bytes = read_plan_file(fds.plan[kPlanFile], size);
  const bool read = bytes != nullptr && read_plan(bytes, size, plan);
  if (!read || (network == NetworkNamespace::kAhead && (namespace_flags(plan.header) & kNetworkNamespaceFlag) == 0)) {
    StartReport report;
    report.stage = Stage::kPlan;
    report.error = EINVAL;
    ::send(kControlFd, &report, sizeof report, MSG_NOSIGNAL);
    return 1;
  }
  if ((plan.header.flags & kProxied) != 0) {
    ProgramFds channel;
    if (!receive_fds(channel, 1)) return kUsageExitCode;
    fds.egress_channel = channel.plan[0];
  }
  return supervise(plan, fds, kSignalsFd, network);
}

}  // namespace
}  // namespace agentos::sandbox

int main(int count, char** arguments) {
  if (count == 3 && std::strcmp(arguments[1], "--probe") == 0) return agentos::sandbox::probe(arguments[2]);
  const bool ahead = count == 2 && std::strcmp(arguments[1], agentos::sandbox::kAheadWord) == 0;
  return agentos::sandbox::run(ahead ? agentos::sandbox::NetworkNamespace::kAhead
                                     : agentos::sandbox::NetworkNamespace::kWithTree);
}
