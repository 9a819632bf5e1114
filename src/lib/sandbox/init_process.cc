// memfd, SCM_RIGHTS and posix_spawn.
#include "lib/sandbox/init_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

Result<PreparedInit> new_place() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno(errno, "cannot make a control socket");
  }
  return PreparedInit{io::Fd(ends[0]), io::Fd(ends[1]), {}};
}

Status send_plan(const PreparedInit& prepared, int plan, int directory, const LaunchRequest& request) {
  const int fds[kPlanFdsMax] = {plan,      request.stdin_fd.get(),    request.stdout_fd.get(), request.stderr_fd.get(),
                                directory, request.agent_socket.get()};
  TRY(send_fds(prepared.control.get(), fds, request.agent_socket.valid() ? kPlanFdsMax : kPlanFdsMax - 1));
  const int channel = request.egress_channel.get();
  return request.egress_channel.valid() ? send_fds(prepared.control.get(), &channel, 1) : Status{};
}

Result<InitProcess> spawn_init(const std::string& init_path, int control, const char* word) {
  const SpawnSettings settings(control);
  std::string name = "agentos-init", said = word;
  char* const arguments[] = {name.data(), said.empty() ? nullptr : said.data(), nullptr};
  char* const environment[] = {nullptr};
  InitProcess init;
  const int error =
      ::posix_spawn(&init.pid, init_path.c_str(), &settings.actions, &settings.attributes, arguments, environment);
  if (error != 0) return fail_errno(error, "cannot start " + init_path);
  init.process = io::Fd(static_cast<int>(::syscall(SYS_pidfd_open, init.pid, 0U)));
  if (!init.process.valid()) {
    // The control socket closes with its owner, and init ends by itself.
    return fail_errno(errno, "cannot watch agentos-init: pidfd_open");
  }
  return init;
}

}  // namespace

Result<PreparedInit> start_ahead(const std::string& init_path, Ahead ahead) {
  PreparedInit prepared = TRY(new_place());
  prepared.init = TRY(spawn_init(init_path, prepared.control_far.get(), ahead == Ahead::kNetwork ? kAheadWord : ""));
  prepared.control_far.reset();
  return prepared;
}

void dismiss(PreparedInit& waiting) {
  waiting.control.reset();
  if (waiting.init.pid > 0) ::waitpid(waiting.init.pid, nullptr, 0);
  waiting.init = {};
}

Result<PreparedInit> prepare_init(const LaunchPlan& plan, LaunchRequest& request, const TakeAhead& take) {
  const io::Fd directory(::open(request.working_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return fail_errno(errno, "cannot open the working directory " + request.working_directory);
  const io::Fd file = TRY(write_plan(plan.bytes));
  std::optional<PreparedInit> prepared = take();
  if (prepared && !send_plan(*prepared, file.get(), directory.get(), request)) {
    dismiss(*prepared);  // it has died
    prepared.reset();
  }
  if (!prepared) {
    prepared = TRY(new_place());
    TRY(send_plan(*prepared, file.get(), directory.get(), request));
  }
  request.stdin_fd.reset();
  request.stdout_fd.reset();
  request.stderr_fd.reset();
  request.agent_socket.reset();
  request.egress_channel.reset();
  return std::move(*prepared);
}

Result<InitProcess> start_init(const std::string& init_path, PreparedInit& prepared) {
  if (prepared.init.pid > 0) return std::move(prepared.init);
  auto init = spawn_init(init_path, prepared.control_far.get(), "");
  prepared.control_far.reset();
  return init;
}

}  // namespace agentos::sandbox
