// Session, descriptors, limits, capabilities, Landlock, seccomp, probes, exec; the first failure ends the child.
#include "apps/init/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "apps/init/connect_broker.h"
#include "lib/sandbox/mechanism/credentials.h"
#include "lib/sandbox/mechanism/landlock.h"
#include "lib/sandbox/mechanism/probes.h"
#include "lib/sandbox/mechanism/rlimits.h"
#include "lib/sandbox/mechanism/seccomp.h"
#include "lib/sandbox/mechanism/tree_directory.h"

namespace agentos::sandbox {
namespace {

constexpr int kFailedExitCode = 127;
constexpr int kExecDoneFd = 4;  // the only descriptor above the program's own that lives until exec
constexpr mode_t kFileModeMask = 022;

bool failed(StartReport& report, Stage stage, int error) {
  report.stage = stage;
  report.error = error;
  return false;
}

int close_from(unsigned first, unsigned last) { return ::syscall(SYS_close_range, first, last, 0U) == 0 ? 0 : errno; }

// A group of its own in init's session, as a shell makes one for a job: with init as its parent it is no orphan, so the
// terminal's stop key stops it. Every signal is blocked here, also the one for a background group that does this.
bool enter_foreground() { return ::setpgid(0, 0) == 0 && ::tcsetpgrp(0, ::getpid()) == 0; }

bool enter_session(const Plan& plan, int parent, StartReport& report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != parent) ::_exit(kFailedExitCode);
  if ((plan.header.flags & kNewTerminalSession) == 0) {
    if (::setsid() < 0) return failed(report, Stage::kSession, errno);
  } else if (!enter_foreground()) {
    return failed(report, Stage::kSession, errno);
  }
  ::umask(kFileModeMask);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  return true;
}

// Descriptors received are above 4 (init holds 0 to 4), so no dup2 overwrites one that is still needed.
bool enter_directory(const Plan& plan, const ProgramFds& fds, StartReport& report) {
  // In a mount namespace by name: the descriptor leads to the host's root.
  bool done =
      report.namespaces != 0 ? ::chdir(plan.working_directory) == 0 : ::fchdir(fds.plan[kWorkingDirectory]) == 0;
  if ((plan.header.flags & kStartInTmp) != 0) {
    done = ::chdir(plan.tree_directory) == 0 && ::chdir(kTmpName) == 0;
  }
  return done || failed(report, Stage::kWorkingDirectory, errno);
}

bool take_descriptors(const ProgramFds& fds, StartReport& report) {
  for (int i = 0; i < 3; ++i) {
    if (::dup2(fds.plan[kStandardInput + i], i) < 0) return failed(report, Stage::kDescriptors, errno);
  }
  if (fds.plan[kAgent] >= 0) {
    if (::dup2(fds.plan[kAgent], kAgentFd) < 0) return failed(report, Stage::kDescriptors, errno);
  } else {
    ::close(kAgentFd);
  }
  if (::dup3(fds.exec_done, kExecDoneFd, O_CLOEXEC) < 0) return failed(report, Stage::kDescriptors, errno);
  const int error = close_from(kExecDoneFd + 1, ~0U);
  return error == 0 || failed(report, Stage::kDescriptors, error);
}

// Tells init who this is: the socket carries the sender's number as init sees it. With it go, when there are any,
// `listener`, through which init answers the filter's questions, and `meeting`, where init meets the program's
// connections (-1: none). Neither survives exec.
int greet_init(int listener, int meeting) {
  const int fds[2] = {listener, meeting};
  const std::size_t size = sizeof(int) * (meeting >= 0 ? 2 : 1);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  char byte = 1;
  iovec payload{&byte, 1};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  if (listener >= 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(head), fds, size);
  }
  const int error = ::sendmsg(kExecDoneFd, &message, MSG_NOSIGNAL) == 1 ? 0 : errno;
  if (listener >= 0) ::close(listener);
  if (meeting >= 0) ::close(meeting);
  return error;
}

// A pipe the program was given it can open again by name (/dev/stdout), also as another user than its maker.
void own_pipes(unsigned user) {
  struct stat status{};
  for (int fd = 0; fd < 3 && user != kSameUser; ++fd) {
    if (::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && status.st_uid == ::getuid()) ::fchown(fd, user, user);
  }
}

bool confine(const Plan& plan, StartReport& report) {
  const bool proxied = (plan.header.flags & kProxied) != 0;
  const int meeting = proxied ? open_meeting_socket() : -1;
  if (proxied && meeting < 0) return failed(report, Stage::kSeccomp, errno);
  own_pipes(plan.header.user);
  int error = set_no_new_privileges();
  if (error != 0) return failed(report, Stage::kNoNewPrivileges, error);
  error = drop_capabilities(plan.header.user);
  if (error != 0) return failed(report, Stage::kCredentials, error);
  report.user = ::getuid();
  if (!apply_landlock(plan, report)) return false;
  int listener = -1;
  error = install_filter(plan.filter, plan.header.filter_instructions, &listener);
  if (error == 0) error = greet_init(listener, meeting);
  return error == 0 || failed(report, Stage::kSeccomp, error);
}

// As execvp: a candidate that is absent or not granted gives way to the next; the first such refusal is reported.
void execute(const Plan& plan, StartReport& report) {
  report.stage = Stage::kExecute;
  int first_error = ENOENT;
  std::uint32_t first_index = kCandidatesMax;
  for (std::uint32_t i = 0; i < plan.header.candidates; ++i) {
    report.index = i;
    report.error = 0;
    ::execve(plan.candidates[i], plan.arguments, plan.environment);
    if (first_index == kCandidatesMax) {
      first_error = errno;
      first_index = i;
    }
    if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) break;
  }
  report.index = first_index;
  report.error = first_error;
}

}  // namespace

void become_program(const Plan& plan, const ProgramFds& fds, int parent, StartReport& report) {
  if (enter_directory(plan, fds, report) && take_descriptors(fds, report) && enter_session(plan, parent, report) &&
      apply_limits(plan.header, report) && confine(plan, report) && run_probes(plan, parent, report)) {
    execute(plan, report);
  }
  ::_exit(kFailedExitCode);
}

}  // namespace agentos::sandbox
