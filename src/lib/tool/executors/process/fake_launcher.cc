// Children are spawned as leaders of their own process group; the group is their tree. One thread waits for each.
#include "lib/tool/executors/process/fake_launcher.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <utility>

namespace agentos::tool {
namespace {

class FakeTree final : public sandbox::Tree {
 public:
  explicit FakeTree(int pid) : pid_(pid) {}
  ~FakeTree() override { (void)send(SIGKILL); }

  int pid() const override { return pid_; }
  Status signal(int linux_signal) override { return send(linux_signal); }
  Status freeze() override { return send(SIGSTOP); }
  Status thaw() override { return send(SIGCONT); }
  Status kill() override { return send(SIGKILL); }
  // The number may belong to another process from now on.
  void reaped() {
    std::lock_guard lock(mutex_);
    pid_ = -1;
  }

 private:
  Status send(int number) {
    std::lock_guard lock(mutex_);
    if (pid_ <= 0) return {};
    return ::kill(-pid_, number) == 0 ? Status{} : fail_errno(errno, "cannot signal");
  }

  std::mutex mutex_;
  int pid_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

Result<int> spawn(sandbox::LaunchRequest& request) {
  std::vector<std::string> environment;
  for (const auto& [name, value] : request.environment_set) environment.push_back(name + "=" + value);
  const std::vector<char*> arguments = pointers(request.command);
  const std::vector<char*> variables = pointers(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, request.stdin_fd.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, request.stdout_fd.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, request.stderr_fd.get(), 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  int pid = 0;
  const int error = ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), variables.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno(error, "cannot start " + request.command.front());
  return pid;
}

sandbox::ExitStatus wait_for(int pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  sandbox::ExitStatus exit;
  exit.signaled = WIFSIGNALED(status);
  exit.code = exit.signaled ? WTERMSIG(status) : WEXITSTATUS(status);
  return exit;
}

}  // namespace

FakeLauncher::~FakeLauncher() {
  for (std::thread& waiter : waiters_) waiter.join();
}

Result<std::shared_ptr<sandbox::Tree>> FakeLauncher::launch(sandbox::LaunchRequest request,
                                                            std::function<void(Result<sandbox::Started>)> on_start,
                                                            std::function<void(sandbox::ExitStatus)> on_exit) {
  std::lock_guard lock(mutex_);
  launches_.push_back({request.command, request.environment_set, request.profile});
  if (start_ == FakeStart::kHang) return std::make_shared<FakeTree>(-1);
  const Result<int> pid =
      start_ == FakeStart::kSpawn
          ? spawn(request)
          : Result<int>(fail(ErrorCode::kUnsupported, "the sandbox cannot be applied", "ask Landlock"));
  if (!pid) {
    on_start(std::unexpected<Error>(pid.error()));
    return std::make_shared<FakeTree>(-1);
  }
  auto tree = std::make_shared<FakeTree>(*pid);
  waiters_.emplace_back([tree = std::weak_ptr<FakeTree>(tree), pid = *pid, on_exit = std::move(on_exit)] {
    siginfo_t ignored{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &ignored, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    ::kill(-pid, SIGKILL);  // what the first process left behind ends with it
    if (const auto alive = tree.lock()) alive->reaped();
    on_exit(wait_for(pid));
  });
  sandbox::Started started;
  started.pid = *pid;
  on_start(std::move(started));
  return std::shared_ptr<sandbox::Tree>(std::move(tree));
}

std::vector<FakeLaunch> FakeLauncher::launches() const {
  std::lock_guard lock(mutex_);
  return launches_;
}

}  // namespace agentos::tool
