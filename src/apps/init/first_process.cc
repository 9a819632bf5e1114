// Maps, mounts, forks the program, waits for it.
#include "apps/init/first_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "lib/sandbox/mechanism/credentials.h"
#include "lib/sandbox/mechanism/root_filesystem.h"
#include "lib/sandbox/mechanism/tree.h"

namespace agentos::sandbox {
namespace {

constexpr int kFailed = 127;

bool parent_is_gone(int socket) {
  pollfd watched{socket, 0, 0};
  return ::poll(&watched, 1, 0) > 0 && (watched.revents & (POLLHUP | POLLERR)) != 0;
}

bool enter_namespaces(const Plan& plan, OwnIds ids, int id_mapping, StartReport& report) {
  if ((report.namespaces & kUserNamespace.flag) != 0 && !map_own_ids(ids, report)) return false;
  name_the_host();
  if ((plan.header.flags & kProxied) != 0) {
    report.error = bring_up_loopback();
    report.stage = Stage::kNamespaces;
    if (report.error != 0) return false;
  }
  return build_root(plan, id_mapping, report);
}

// Until the program has ended; others that end here were orphans. The program itself stays unreaped, so that its
// number is nobody else's while init may still signal it.
int wait_for(int program) {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT) != 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (ended.si_pid == program) {
      if (ended.si_code == CLD_EXITED) return (ended.si_status & 0xFF) << 8;
      return (ended.si_status & 0x7F) | (ended.si_code == CLD_DUMPED ? 0x80 : 0);
    }
    ::waitpid(ended.si_pid, nullptr, WNOHANG);
  }
}

}  // namespace

void become_first_process(const Plan& plan, const ProgramFds& fds, const Cgroup& cgroup, OwnIds ids,
                          StartReport& report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (parent_is_gone(fds.exec_done)) ::_exit(kFailed);
  // Before "/" changes: the groups' files are seen only from here.
  if (!join_cgroups(cgroup, report) || !enter_namespaces(plan, ids, fds.id_mapping, report)) ::_exit(kFailed);
  const int program = fork_into(-1, 0);
  if (program == 0) become_program(plan, fds, 1, report);
  if (program < 0) {
    report.stage = Stage::kProcess;
    report.error = errno;
    ::_exit(kFailed);
  }
  if (empty_capabilities() != 0) ::_exit(kFailed);
  ::syscall(SYS_close_range, 0U, ~0U, 0U);
  report.wait_status = wait_for(program);
  ::_exit(0);
}

int probe_namespaces(const Plan& plan, StartReport& report) {
  const OwnIds ids{::getuid(), ::getgid()};
  const std::uint64_t flags = namespace_flags(plan.header);
  report.namespaces = static_cast<std::uint32_t>(flags);
  const int child = fork_into(-1, flags);
  if (child < 0) {
    report.stage = Stage::kNamespaces;
    report.error = errno;
    return errno;
  }
  if (child == 0) ::_exit(enter_namespaces(plan, ids, -1, report) ? 0 : 1);
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return errno;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  return report.error != 0 ? report.error : EIO;
}

}  // namespace agentos::sandbox
