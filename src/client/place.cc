// Paths by the environment; spawning the kernel under a lock, detached from the terminal and from our descriptors.
#include "client/place.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

extern char** environ;

namespace agentos::client {
namespace {

constexpr int kFirstStepMs = 2;
constexpr int kLongestStepMs = 50;
constexpr int kNoteAfterMs = 1000;
constexpr int kDirectoryDepthMax = 64;
constexpr std::streamoff kLogTailBytes = 4096;

std::int64_t clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Status make_parents(const std::string& path, int depth) {
  if (is_directory(path)) return {};
  if (depth > kDirectoryDepthMax) return fail(ErrorCode::kInvalidArgument, "the path is too deep: " + path);
  TRY(make_parents(parent_of(path), depth + 1));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno(errno, "cannot create " + path);
  return {};
}

// What a program said last, without its advice.
std::string last_line_of(const std::string& file) {
  std::ifstream stream(file, std::ios::ate | std::ios::binary);
  if (!stream) return {};
  const std::streamoff size = stream.tellg();
  stream.seekg(std::max<std::streamoff>(0, size - kLogTailBytes));
  std::string line, last;
  while (std::getline(stream, line)) {
    if (!line.empty() && !line.starts_with("  ")) last = line;
  }
  return last;
}

// File actions and attributes that free themselves.
struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
};

Result<pid_t> spawn_detached(const StartOptions& options) {
  SpawnPlan plan;
  // Nothing of ours is left open in a process that outlives us: a caller may wait for the end of our pipes.
  ::posix_spawn_file_actions_addopen(&plan.actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&plan.actions, 1, options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&plan.actions, 1, 2);
  ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, 3);
  ::posix_spawn_file_actions_addchdir_np(&plan.actions, "/");
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  ::posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  for (const std::string& word : options.command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, arguments[0], &plan.actions, &plan.attributes, arguments.data(), environ);
  if (error != 0) return fail_errno(error, "cannot start " + options.command.at(0));
  return pid;
}

std::unexpected<Error> did_not_come_up(const StartOptions& options, const std::string& how) {
  const std::string last = last_line_of(options.log_file);
  return fail(abi::error::no_kernel, "the kernel " + how + (last.empty() ? "" : "; it said: " + last),
              "read " + options.log_file + ", or run it in front of you: agentos serve");
}

Result<std::unique_ptr<Client>> wait_until_it_answers(const StartOptions& options, pid_t pid, std::int64_t started_ms) {
  bool noted = false;
  for (int step_ms = kFirstStepMs;; step_ms = std::min(step_ms * 2, kLongestStepMs)) {
    if (auto client = Client::connect(options.socket)) return client;
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid) {
      if (WIFSIGNALED(status))
        return did_not_come_up(options, "was ended by signal " + std::to_string(WTERMSIG(status)));
      return did_not_come_up(options, "ended with " + std::to_string(WEXITSTATUS(status)) + " while starting");
    }
    const std::int64_t waited = clock_ms() - started_ms;
    if (waited > options.timeout_ms) {
      return did_not_come_up(options, "did not answer within " + std::to_string(options.timeout_ms / 1000) + " s");
    }
    if (!noted && waited > kNoteAfterMs && options.note) {
      noted = true;
      options.note("starting the kernel (its log: " + options.log_file + ")");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(step_ms));
  }
}

Result<io::Fd> take_start_lock(const StartOptions& options, std::int64_t started_ms) {
  const std::string path = options.socket + ".start";
  io::Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return fail_errno(errno, "cannot open " + path);
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno(errno, "cannot lock " + path);
    if (clock_ms() - started_ms > options.timeout_ms) {
      return fail(abi::error::no_kernel, "another client is starting the kernel and does not come to an end",
                  "read " + options.log_file);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kFirstStepMs));
  }
  return lock;
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::string {
    const char* value = std::getenv(std::string(name).c_str());
    return value != nullptr ? value : "";
  };
}

Status own_directory(const std::string& path) {
  TRY(make_parents(parent_of(path), 0));
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return fail_errno(errno, "cannot create " + path);
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return fail_errno(errno, "cannot look at " + path);
  if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::kNotPermitted, path + " is not a directory", "remove it");
  if (status.st_uid != ::geteuid()) {
    return fail(ErrorCode::kNotPermitted, path + " belongs to another user", "set AGENTOS_SOCKET to a place of yours");
  }
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorCode::kNotPermitted, path + " is open to other users", "chmod 700 " + path);
  }
  return {};
}

Result<std::string> socket_path(const Environment& environment) {
  if (std::string given = environment("AGENTOS_SOCKET"); !given.empty()) return given;
  const std::string user = std::to_string(::geteuid());
  std::string directory = "/tmp/agentos-" + user;
  if (const std::string runtime = environment("XDG_RUNTIME_DIR"); !runtime.empty() && is_directory(runtime)) {
    directory = runtime + "/agentos";
  } else if (is_directory("/run/user/" + user)) {
    directory = "/run/user/" + user + "/agentos";
  }
  TRY(own_directory(directory));  // whoever could change it could stand in for the kernel
  return directory + "/kernel.sock";
}

std::string state_directory(const Environment& environment) {
  if (const std::string state = environment("XDG_STATE_HOME"); state.starts_with('/')) return state + "/agentos";
  if (const std::string home = environment("HOME"); home.starts_with('/')) {
    return (home == "/" ? "" : home) + "/.local/state/agentos";
  }
  return "/var/tmp/agentos-" + std::to_string(::geteuid());
}

Result<std::unique_ptr<Client>> ensure_kernel(const StartOptions& options) {
  auto client = Client::connect(options.socket);
  if (client || client.error().code != abi::error::no_kernel) return client;
  const std::int64_t started_ms = clock_ms();
  if (!is_directory(parent_of(options.socket))) TRY(own_directory(parent_of(options.socket)));
  TRY(own_directory(parent_of(options.log_file)));  // the kernel wants it so too, and says it less directly
  const io::Fd lock = TRY(take_start_lock(options, started_ms));
  client = Client::connect(options.socket);  // another client may have started it meanwhile
  if (client) return client;
  const pid_t pid = TRY(spawn_detached(options));
  return wait_until_it_answers(options, pid, started_ms);
}

}  // namespace agentos::client
