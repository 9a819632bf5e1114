// Id maps by /proc, which wants the writer to be dumpable for a moment.
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "lib/sandbox/mechanism/credentials.h"
#include "lib/sandbox/mechanism/namespaces.h"
#include "lib/sandbox/mechanism/tree.h"

namespace agentos::sandbox {
namespace {

bool write_text(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const auto size = static_cast<ssize_t>(::strlen(text));
  const bool done = ::write(fd, text, static_cast<std::size_t>(size)) == size;
  const int error = errno;
  ::close(fd);
  errno = error;
  return done;
}

// Everything below `to` stays itself, so that files of others keep their owners.
bool write_mapping(int pid, const char* file, unsigned from, unsigned to) {
  char path[64];
  char text[128];
  ::snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  if (from == 0) {
    ::snprintf(text, sizeof text, "0 %u 1\n1 1 %u\n", to, to - 1);
  } else {
    ::snprintf(text, sizeof text, "%u %u 1\n", from, to);
  }
  return write_text(path, text);
}

int wait_to_be_killed(void*) {
  for (;;) ::pause();
}

}  // namespace

std::uint64_t namespace_flags(const PlanHeader& header) {
  if ((header.flags & kUseNamespaces) == 0) return 0;
  std::uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if ((header.flags & kNetworkRefused) != 0) flags |= CLONE_NEWNET;
  if (!may_administer()) flags |= CLONE_NEWUSER;
  return flags;
}

int enter_own_network() { return ::unshare(CLONE_NEWNET) == 0 ? 0 : errno; }

bool map_own_ids(OwnIds ids, StartReport& report) {
  char users[64];
  char groups[64];
  ::snprintf(users, sizeof users, "%u %u 1\n", ids.user, ids.user);
  ::snprintf(groups, sizeof groups, "%u %u 1\n", ids.group, ids.group);
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  const char* const files[] = {"/proc/self/setgroups", "/proc/self/uid_map", "/proc/self/gid_map"};
  const char* const texts[] = {"deny", users, groups};
  bool done = true;
  for (std::uint32_t i = 0; i < 3 && done; ++i) {
    done = write_text(files[i], texts[i]);
    if (!done) {
      report.error = errno;
      report.stage = Stage::kUserMap;
      report.index = i;
    }
  }
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return done;
}

void name_the_host() {
  constexpr char kName[] = "agent";
  ::sethostname(kName, sizeof kName - 1);
}

int bring_up_loopback() {
  ifreq request{};
  ::memcpy(request.ifr_name, "lo", sizeof "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int error = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

bool open_id_mapping(const Plan& plan, int& mapping, StartReport& report) {
  mapping = -1;
  if (plan.header.user == kSameUser) return true;
  bool needed = false;
  for (std::uint32_t i = 0; i < plan.header.rules; ++i) {
    struct stat status{};
    const PlanRule& rule = plan.rules[i];
    const char* place = rule.from[0] != 0 ? rule.from : rule.path;
    needed = needed || ((rule.flags & kOwnedRule) != 0 && (rule.flags & kDenyRules) == 0 &&
                        ::stat(place, &status) == 0 && status.st_uid == ::geteuid());
  }
  if (!needed) return true;
  // It shares the memory, for all it does is to be there.
  alignas(16) static char stack[4096];
  const int child = ::clone(wait_to_be_killed, stack + sizeof stack, CLONE_NEWUSER | CLONE_VM | SIGCHLD, nullptr);
  char path[64];
  ::snprintf(path, sizeof path, "/proc/%d/ns/user", child);
  const unsigned own = ::geteuid();
  if (child > 0 && write_mapping(child, "uid_map", own, plan.header.user) &&
      write_mapping(child, "gid_map", own, plan.header.user)) {
    mapping = ::open(path, O_RDONLY | O_CLOEXEC);
  }
  report.error = mapping < 0 ? errno : 0;
  if (mapping < 0) report.stage = Stage::kIdentity;
  if (child > 0) ::kill(child, SIGKILL);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return mapping >= 0;
}

}  // namespace agentos::sandbox
