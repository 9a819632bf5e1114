// One thread for all running tool processes: it starts them, reads their pipes, keeps their deadlines and ends them.
//
// Everything about a run belongs to that thread; other threads only post tasks to it. `done` is called on it, once a
// run's tree is gone, or kEndGraceMs after its end was ordered when the tree does not go.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/io/fd.h"
#include "lib/sandbox/launcher.h"
#include "lib/tool/executors/process/process_run.h"

namespace agentos::tool {

class ProcessPool : public std::enable_shared_from_this<ProcessPool> {
 public:
  static constexpr std::size_t kRunsMax = 256;
  static constexpr std::int64_t kEndGraceMs = 2'000;

  ProcessPool(sandbox::Launcher& launcher, const Clock& clock) : launcher_(launcher), clock_(clock) {}

  // Thread-safe. The run's id; a run that cannot be taken ends as failed.
  std::uint64_t submit(ProcessRun run);
  void cancel(std::uint64_t id);
  // Ends every run as cancelled. Waits for the thread unless called from it.
  void stop();

 private:
  using Task = std::function<void()>;
  using Runs = std::map<std::uint64_t, std::shared_ptr<ProcessRun>>;

  Status start_thread();  // with the mutex held
  void post(Task task);
  void loop();
  void run_tasks();
  void start(std::uint64_t id, const std::shared_ptr<ProcessRun>& run);
  void launch(std::uint64_t id, ProcessRun& run);
  Status watch(const io::Fd& fd, std::uint64_t key);
  void on_readable(std::uint64_t key);
  void on_start(std::uint64_t id, const Result<sandbox::Started>& started);
  void on_exit(std::uint64_t id, sandbox::ExitStatus exit);
  void order_end(std::uint64_t id, ToolResult verdict);
  void finish(std::uint64_t id);
  void check_deadlines();
  int wait_ms() const;
  ProcessRun* find(std::uint64_t id) const;

  sandbox::Launcher& launcher_;
  const Clock& clock_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> active_{0};

  std::mutex mutex_;  // guards the next four
  std::vector<Task> tasks_;
  std::uint64_t last_id_ = 0;
  std::thread thread_;
  bool started_ = false;

  io::Fd epoll_;  // set before the thread starts
  io::Fd wake_;
  Runs runs_;  // the thread's own
};

}  // namespace agentos::tool
