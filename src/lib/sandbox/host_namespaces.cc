// One run of `agentos-init --probe`, and the sysctls that usually explain its answer.
#include "lib/sandbox/host_namespaces.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/io/fd.h"
#include "lib/sandbox/mechanism/credentials.h"
#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {
namespace {

constexpr int kProbeMs = 1000;

std::string sysctl(const char* path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

// The usual causes, by the name an administrator looks for.
std::string cause() {
  if (sysctl("/proc/sys/user/max_user_namespaces") == "0") return "user.max_user_namespaces is 0";
  if (sysctl("/proc/sys/kernel/unprivileged_userns_clone") == "0") return "kernel.unprivileged_userns_clone is 0";
  if (sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return "kernel.apparmor_restrict_unprivileged_userns is 1";
  }
  return "";
}

std::string in_words(const StartReport& report) {
  const char* what = "could not be made";
  if (report.stage == Stage::kTreeDirectory) what = "could not be tried: no folder for it";
  if (report.stage == Stage::kUserMap) what = "were made, but this user could not be mapped";
  if (report.stage == Stage::kRootFilesystem || report.stage == Stage::kRootRule) {
    what = "were made, but mounting in them was refused";
  }
  std::string text = std::string("they ") + what + " (" + std::strerror(report.error) + ")";
  const std::string why = cause();
  return why.empty() ? text : text + "; " + why;
}

bool receive_report(int socket, StartReport& report) {
  pollfd watched{socket, POLLIN, 0};
  return ::poll(&watched, 1, kProbeMs) == 1 &&
         ::recv(socket, &report, sizeof report, MSG_DONTWAIT) == static_cast<ssize_t>(sizeof report);
}

}  // namespace

HostNamespaces probe_host_namespaces(const std::string& init_path, const std::string& base_directory) {
  HostNamespaces host;
  host.root = ::geteuid() == 0 && may_administer();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    host.reason = std::strerror(errno);
    return host;
  }
  const io::Fd near(ends[0]);
  io::Fd far(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, far.get(), kControlFd);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, kControlFd + 1);
  std::string name = "agentos-init", option = "--probe", folder = base_directory;
  char* const arguments[] = {name.data(), option.data(), folder.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, init_path.c_str(), &actions, nullptr, arguments, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  far.reset();
  if (error != 0) {
    host.reason = "cannot run " + init_path + ": " + std::strerror(error);
    return host;
  }
  StartReport report;
  const bool answered = receive_report(near.get(), report);
  if (!answered) ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  host.given = answered && report.error == 0;
  if (!answered) host.reason = "agentos-init gave no answer";
  if (answered && report.error != 0) host.reason = in_words(report);
  return host;
}

std::string namespaces_mend(const HostNamespaces& host) {
  if (host.given) return "";
  const std::string why = cause();
  if (why.starts_with("user.max")) return "sysctl user.max_user_namespaces=10000";
  if (why.starts_with("kernel.unprivileged")) return "sysctl kernel.unprivileged_userns_clone=1";
  if (why.starts_with("kernel.apparmor")) {
    return "an AppArmor profile that allows `userns` for agentos-init, or "
           "sysctl kernel.apparmor_restrict_unprivileged_userns=0";
  }
  return "in a container, its seccomp profile and masked /proc forbid it; without namespaces everything else holds";
}

std::string default_base_directory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  struct stat status{};
  if (runtime != nullptr && runtime[0] == '/' && ::stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) &&
      ::access(runtime, W_OK) == 0) {
    return runtime;
  }
  return "/tmp";
}

}  // namespace agentos::sandbox
