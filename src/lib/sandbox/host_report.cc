// What this host offers to the launcher, found by trying and never by reading what claims to be enabled.
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "lib/sandbox/launcher.h"
#include "lib/sandbox/mechanism/cgroup.h"
#include "lib/sandbox/mechanism/landlock.h"

namespace agentos::sandbox {
namespace {

constexpr int kSeccompGetActionAvailable = 2;  // SECCOMP_GET_ACTION_AVAIL
constexpr unsigned kSeccompReturnErrno = 0x00050000;

json::Value line(std::string_view mechanism, std::string_view state, std::string detail, std::string_view mend = {}) {
  return json::Object{
      {"mechanism", mechanism}, {"state", state}, {"detail", std::move(detail)}, {"mend", std::string(mend)}};
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

json::Value kernel_line() {
  utsname name{};
  ::uname(&name);
  return line("kernel", "ok", std::string(name.sysname) + " " + name.release + " " + name.machine);
}

json::Value landlock_line() {
  const int abi = landlock_abi();
  const std::string detail = "ABI " + std::to_string(abi);
  if (abi == 0) return line("landlock", "missing", "not in this kernel or switched off", "boot with lsm=landlock,...");
  if (abi >= kLandlockAbiSignalScope) return line("landlock", "ok", detail);
  std::string lacks = detail + ": no scopes for signals and abstract sockets";
  if (abi < 4) lacks += ", no TCP rules (seccomp refuses sockets)";
  if (abi < 3) lacks += ", no truncation (seccomp refuses it)";
  return line("landlock", "limited", std::move(lacks), "Linux 6.12 has ABI 6");
}

json::Value seccomp_line() {
  unsigned action = kSeccompReturnErrno;
  if (::syscall(SYS_seccomp, kSeccompGetActionAvailable, 0U, &action) == 0) return line("seccomp", "ok", "filters");
  return line("seccomp", "missing", std::strerror(errno), "use a kernel with CONFIG_SECCOMP_FILTER");
}

json::Value no_new_privs_line() {
  const int state = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  if (state < 0) return line("no_new_privs", "missing", std::strerror(errno), "use Linux 3.5 or later");
  return line("no_new_privs", "ok", state == 1 ? "already set on this process" : "available");
}

json::Value user_namespaces_line() {
  const std::string maximum = first_line("/proc/sys/user/max_user_namespaces");
  const std::string clone = first_line("/proc/sys/kernel/unprivileged_userns_clone");
  const std::string restricted = first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  if (maximum.empty() || maximum == "0") {
    return line("user_namespaces", "missing", "user.max_user_namespaces is 0 (not needed)");
  }
  if (clone == "0") return line("user_namespaces", "limited", "kernel.unprivileged_userns_clone is 0 (not needed)");
  if (restricted == "1") {
    return line("user_namespaces", "limited", "kernel.apparmor_restrict_unprivileged_userns is 1 (not needed)");
  }
  return line("user_namespaces", "ok", "allowed; not used by this version");
}

json::Value cgroup_line() {
  const int error = probe_cgroup();
  if (error == 0) return line("cgroup", "ok", "v2 leaf can be made, killed and frozen");
  return line("cgroup", "limited",
              std::string("no writable v2 group (") + std::strerror(error) + "): trees are held by mark and subreaper",
              "run in a delegated group: systemd-run --user --scope -p Delegate=yes ...");
}

json::Value pidfd_line() {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0U));
  if (fd < 0) return line("pidfd", "missing", std::strerror(errno), "use Linux 5.3 or later");
  ::close(fd);
  return line("pidfd", "ok", "processes are watched without racing pid reuse");
}

}  // namespace

json::Value host_report() {
  return json::Array{kernel_line(),          landlock_line(), seccomp_line(), no_new_privs_line(),
                     user_namespaces_line(), cgroup_line(),   pidfd_line()};
}

}  // namespace agentos::sandbox
