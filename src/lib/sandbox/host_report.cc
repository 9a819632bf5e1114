// What this host offers to the launcher, found by trying and never by reading what claims to be enabled.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "lib/sandbox/host_namespaces.h"
#include "lib/sandbox/isolation.h"
#include "lib/sandbox/launch_plan.h"
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

// Promises that namespaces alone hold, in the words of the matrix.
std::string lost_without() {
  std::string names;
  const int abi = landlock_abi();
  for (const Promise promise : promises()) {
    if (held(promise, {abi, false, false, false}) || !held(promise, {abi, true, true, false})) continue;
    names += (names.empty() ? "" : ", ") + std::string(name_of(promise));
  }
  return names;
}

// Which built-in profiles start here, and why others do not: what a start would say, in advance.
json::Value presets_line(const HostNamespaces& host) {
  std::string refused;
  const HostOffer offer{landlock_abi(), host.given, host.root, false};
  for (const std::string_view name : preset_profile_names()) {
    const auto profile = preset_profile(name);
    if (!profile) continue;
    const auto narrowed = offer_for(*profile, offer, host.reason);
    if (narrowed) continue;
    refused += (refused.empty() ? "" : "; ") + narrowed.error().message;
  }
  if (offer.landlock_abi == 0) refused = "no profile starts without Landlock";
  if (refused.empty()) return line("profiles", "ok", "every built-in profile starts on this host");
  return line("profiles", "limited", refused, "the other lines say how to get what is missing");
}

json::Value namespaces_line(const HostNamespaces& host) {
  if (host.given) {
    return line("namespaces", "ok",
                host.root ? "mount, pid, net, ipc, uts, cgroup; programs of root get a user of their own"
                          : "user, mount, pid, net, ipc, uts, cgroup");
  }
  return line("namespaces", "limited", host.reason + ". Not held then: " + lost_without(), namespaces_mend(host));
}

json::Value cgroup_line() {
  const CgroupOffer offer = probe_cgroup();
  const std::pair<CgroupLimit, const char*> known[] = {
      {CgroupLimit::kProcesses, "processes"}, {CgroupLimit::kMemory, "memory"}, {CgroupLimit::kCpu, "processor time"}};
  std::string limits;
  for (const auto& [limit, name] : known) {
    if ((offer.limits >> static_cast<unsigned>(limit) & 1U) == 0) continue;
    limits += (limits.empty() ? "" : ", ") + std::string(name);
  }
  if (limits.empty()) limits = "none";
  const std::string mend = "run in a delegated group: systemd-run --user --scope -p Delegate=yes ...";
  if (offer.leaf_error == 0) {
    return line("cgroup", limits == "none" ? "limited" : "ok",
                "v2 leaf can be made, killed and frozen; limits of a whole tree: " + limits,
                limits == "none" ? mend : std::string());
  }
  return line("cgroup", "limited",
              std::string("no writable v2 group (") + std::strerror(offer.leaf_error) +
                  "): trees are held by mark and subreaper" + (offer.freezer ? ", frozen by a v1 freezer" : "") +
                  "; limits of a whole tree: " + limits,
              mend);
}

// Where Linux hands the memory of what crashed to a program of the host.
json::Value core_dumps_line() {
  std::ifstream file("/proc/sys/kernel/core_pattern");
  std::string pattern;
  std::getline(file, pattern);
  if (!pattern.starts_with("|")) return line("core_dumps", "ok", "files; programs under a profile leave none");
  rlimit present{};
  if (::getrlimit(RLIMIT_CORE, &present) == 0 && present.rlim_max == 0) {
    return line("core_dumps", "limited", "go to " + pattern.substr(1) + ", which a limit of 0 does not stop",
                "raise the hard limit of core dumps: ulimit -H -c unlimited");
  }
  return line("core_dumps", "ok", "go to " + pattern.substr(1) + "; programs under a profile are never handed to it");
}

json::Value pidfd_line() {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0U));
  if (fd < 0) return line("pidfd", "missing", std::strerror(errno), "use Linux 5.3 or later");
  ::close(fd);
  return line("pidfd", "ok", "processes are watched without racing pid reuse");
}

}  // namespace

json::Value host_report(const std::string& init_path) {
  HostNamespaces host;
  host.reason = "not tried: agentos-init is missing";
  if (!init_path.empty()) host = probe_host_namespaces(init_path, default_base_directory());
  return json::Array{kernel_line(), landlock_line(), seccomp_line(),    no_new_privs_line(), namespaces_line(host),
                     cgroup_line(), pidfd_line(),    core_dumps_line(), presets_line(host)};
}

}  // namespace agentos::sandbox
