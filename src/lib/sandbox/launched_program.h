// For tests and benchmarks: one program started through a launcher, its output kept in memory, its end awaited.
//
// Every wait is bounded, so a tree that does not end fails a test instead of hanging it.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "lib/sandbox/launcher.h"

namespace agentos::sandbox {

// $AGENTOS_INIT, else agentos-init beside the running program.
inline std::string init_path_for_tests() {
  if (const char* given = std::getenv("AGENTOS_INIT")) return given;
  char path[PATH_MAX];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  std::string own(path, size > 0 ? static_cast<std::size_t>(size) : 0);
  return own.substr(0, own.rfind('/') + 1) + "agentos-init";
}

class LaunchedProgram {
 public:
  static constexpr auto kWaitMax = std::chrono::seconds(30);

  LaunchedProgram() : output_(::memfd_create("output", MFD_CLOEXEC)) {}
  LaunchedProgram(const LaunchedProgram&) = delete;
  LaunchedProgram& operator=(const LaunchedProgram&) = delete;
  // The callbacks hold `this`, so it outlives the tree.
  ~LaunchedProgram() {
    if (tree_ == nullptr) return;
    (void)tree_->kill();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kWaitMax, [this] { return over(); });
  }

  // Fills in what the request leaves open: descriptors, working directory, PATH.
  Status launch(Launcher& launcher, LaunchRequest request) {
    if (!request.stdin_fd.valid()) request.stdin_fd = io::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!request.stdout_fd.valid()) request.stdout_fd = duplicate();
    if (!request.stderr_fd.valid()) request.stderr_fd = duplicate();
    if (request.working_directory.empty()) request.working_directory = "/usr/share";
    if (request.environment.empty()) request.environment = {{"PATH", "/usr/bin:/bin"}};
    auto tree = launcher.launch(
        std::move(request),
        [this](Result<Started> started) {
          const std::lock_guard lock(mutex_);
          started_ = std::move(started);
          changed_.notify_all();
        },
        [this](ExitStatus status) {
          const std::lock_guard lock(mutex_);
          exit_ = status;
          ++exits_;
          changed_.notify_all();
        });
    if (!tree) return std::unexpected(tree.error());
    tree_ = *tree;
    return {};
  }

  Tree& tree() { return *tree_; }
  void drop_tree() { tree_.reset(); }

  Result<Started> wait_started() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kWaitMax, [this] { return started_.has_value(); })) {
      return fail(ErrorCode::kTimedOut, "the start was not reported");
    }
    return *started_;
  }

  // Absent when it did not end in time.
  std::optional<ExitStatus> wait_exit() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kWaitMax, [this] { return over(); });
    return exit_;
  }

  int exits() {
    const std::lock_guard lock(mutex_);
    return exits_;
  }

  std::string output() const {
    std::string text;
    char part[4096];
    for (ssize_t count = 0; (count = ::pread(output_.get(), part, sizeof part, static_cast<off_t>(text.size()))) > 0;) {
      text.append(part, static_cast<std::size_t>(count));
    }
    return text;
  }

  // Until the output contains `text`; false after kWaitMax or when the program ended without saying it.
  bool wait_output(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + kWaitMax;
    while (output().find(text) == std::string::npos) {
      {
        const std::lock_guard lock(mutex_);
        if (over()) return output().find(text) != std::string::npos;
      }
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

 private:
  bool over() const { return exit_.has_value() || (started_.has_value() && !started_->has_value()); }
  // A second open file description would have its own offset; both streams append to one.
  io::Fd duplicate() const { return io::Fd(::fcntl(output_.get(), F_DUPFD_CLOEXEC, 0)); }

  io::Fd output_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Result<Started>> started_;
  std::optional<ExitStatus> exit_;
  int exits_ = 0;
  std::shared_ptr<Tree> tree_;
};

}  // namespace agentos::sandbox
