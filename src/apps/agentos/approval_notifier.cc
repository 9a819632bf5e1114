// See approval_notifier.h.
#include "apps/agentos/approval_notifier.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/io/fd.h"
#include "base/json/value.h"

namespace agentos::cli {
namespace {

constexpr int kEndStepMs = 50;  // how often the end of the notifier is looked for while a program runs
constexpr const char* kPassedVariables[] = {"PATH",
                                            "HOME",
                                            "LANG",
                                            "DISPLAY",
                                            "WAYLAND_DISPLAY",
                                            "USER",
                                            "XAUTHORITY",
                                            "XDG_RUNTIME_DIR",
                                            "DBUS_SESSION_BUS_ADDRESS"};

Result<std::string> find_notifier(const std::string& program) {
  const auto runs = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
  if (program.find('/') != std::string::npos) {
    if (runs(program)) return program;
  } else if (const char* path = std::getenv("PATH"); path != nullptr && !program.empty()) {
    std::string_view rest = path;
    while (!rest.empty()) {
      const std::string_view folder = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
      std::string found = std::string(folder) + "/" + program;
      if (folder.starts_with('/') && runs(found)) return found;
    }
  }
  return fail(ErrorCode::kNotFound, "--notify: there is no program \"" + program + "\" that can be run",
              "give a path; what it is to be called with is written into a script");
}

// What the program reads, as a file that ends: it may read it or not, and nobody waits for it.
Result<io::Fd> input_of(const std::string& line) {
  io::Fd file(::memfd_create("approval", MFD_CLOEXEC));
  if (!file.valid() || ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
      ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return fail_errno(errno, "cannot pass the approval on");
  }
  return file;
}

Result<pid_t> spawn_notifier(const std::string& program, const std::string& approval, const io::Fd& input) {
  std::vector<std::string> variables;
  for (const char* name : kPassedVariables) {
    if (const char* value = std::getenv(name); value != nullptr) variables.push_back(std::string(name) + "=" + value);
  }
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::string name = program;
  std::string id = approval;
  char* arguments[] = {name.data(), id.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  pid_t child = -1;
  const int problem = ::posix_spawn(&child, program.c_str(), &actions, &attributes, arguments, environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return fail_errno(problem, "cannot run " + program);
  return child;
}

}  // namespace

ApprovalNotifier::ApprovalNotifier(std::string program) : program_(std::move(program)) {
  thread_ = std::thread([this] { work(); });
}

Result<std::unique_ptr<ApprovalNotifier>> ApprovalNotifier::start(const std::string& program) {
  std::string found = TRY(find_notifier(program));
  return std::unique_ptr<ApprovalNotifier>(new ApprovalNotifier(std::move(found)));
}

ApprovalNotifier::~ApprovalNotifier() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ApprovalNotifier::tell(const abi::ApprovalEntry& entry) {
  json::Object line{{"approval", entry.approval}, {"agent", entry.agent}, {"call", entry.call}};
  line["tool"] = json::to_valid_utf8(entry.tool);
  line["rule"] = json::to_valid_utf8(entry.rule);
  line["expires_us"] = entry.expires_us;
  Notice notice{entry.approval, json::write(json::Value(std::move(line))) + "\n"};
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kNotifyQueueMax) {
      ++dropped_;
      return;
    }
    queue_.push_back(std::move(notice));
  }
  wake_.notify_one();
}

std::uint64_t ApprovalNotifier::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void ApprovalNotifier::work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (queue_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const Notice notice = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run(notice);
    lock.lock();
  }
}

// To its end, or until it has had its time or the notifier ends; then its whole group is killed.
void ApprovalNotifier::run(const Notice& notice) {
  const auto input = input_of(notice.line);
  if (!input) return;
  const auto child = spawn_notifier(program_, notice.approval, *input);
  if (!child) return;
  const io::Fd watched(static_cast<int>(::syscall(SYS_pidfd_open, *child, 0)));
  for (std::int64_t left_ms = kNotifySecondsMax * 1000; left_ms > 0 && watched.valid(); left_ms -= kEndStepMs) {
    pollfd one{watched.get(), POLLIN, 0};
    if (::poll(&one, 1, kEndStepMs) > 0) break;
    const std::lock_guard lock(mutex_);
    if (ending_) break;
  }
  ::kill(-*child, SIGKILL);  // also what it left behind in its group; it is not reaped yet, so the group is its own
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace agentos::cli
