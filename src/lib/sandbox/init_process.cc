// memfd, SCM_RIGHTS and posix_spawn.
#include "lib/sandbox/init_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace agentos::sandbox {
namespace {

Result<io::Fd> write_plan(const std::string& bytes) {
  io::Fd file(::memfd_create("agentos-plan", MFD_CLOEXEC));
  if (!file.valid()) return fail_errno(errno, "cannot make a memfd for the launch plan");
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(file.get(), bytes.data() + written, bytes.size() - written);
    if (count <= 0) return fail_errno(errno, "cannot write the launch plan");
    written += static_cast<std::size_t>(count);
  }
  return file;
}

Status send_fds(int socket, const int* fds, std::size_t count) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kPlanFdsMax)] = {};
  char byte = 1;
  iovec payload{&byte, 1};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(int) * count);
  std::memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
  if (::sendmsg(socket, &message, MSG_NOSIGNAL) != 1) return fail_errno(errno, "cannot send the launch plan");
  return {};
}

// Default signals, an empty mask, its own session, the control socket as descriptor 3 and nothing above it.
class SpawnSettings {
 public:
  explicit SpawnSettings(int control) {
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_init(&actions);
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes, &set);
    ::sigfillset(&set);
    ::posix_spawnattr_setsigdefault(&attributes, &set);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    ::posix_spawn_file_actions_adddup2(&actions, control, kControlFd);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, kControlFd + 1);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

}  // namespace

Result<PreparedInit> prepare_init(const LaunchPlan& plan, LaunchRequest& request) {
  const io::Fd directory(::open(request.working_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return fail_errno(errno, "cannot open the working directory " + request.working_directory);
  const io::Fd file = TRY(write_plan(plan.bytes));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno(errno, "cannot make a control socket");
  }
  PreparedInit prepared{io::Fd(ends[0]), io::Fd(ends[1])};
  const int fds[kPlanFdsMax] = {
      file.get(),      request.stdin_fd.get(),    request.stdout_fd.get(), request.stderr_fd.get(),
      directory.get(), request.agent_socket.get()};
  TRY(send_fds(prepared.control.get(), fds, request.agent_socket.valid() ? kPlanFdsMax : kPlanFdsMax - 1));
  request.stdin_fd.reset();
  request.stdout_fd.reset();
  request.stderr_fd.reset();
  request.agent_socket.reset();
  if (request.egress_channel.valid()) {
    const int channel = request.egress_channel.get();
    TRY(send_fds(prepared.control.get(), &channel, 1));
    request.egress_channel.reset();
  }
  return prepared;
}

Result<InitProcess> start_init(const std::string& init_path, PreparedInit& prepared) {
  const SpawnSettings settings(prepared.control_far.get());
  std::string name = "agentos-init";
  char* const arguments[] = {name.data(), nullptr};
  char* const environment[] = {nullptr};
  InitProcess init;
  const int error =
      ::posix_spawn(&init.pid, init_path.c_str(), &settings.actions, &settings.attributes, arguments, environment);
  prepared.control_far.reset();
  if (error != 0) return fail_errno(error, "cannot start " + init_path);
  init.process = io::Fd(static_cast<int>(::syscall(SYS_pidfd_open, init.pid, 0U)));
  if (!init.process.valid()) {
    // The control socket closes with `prepared`, and init ends by itself.
    return fail_errno(errno, "cannot watch agentos-init: pidfd_open");
  }
  return init;
}

}  // namespace agentos::sandbox
