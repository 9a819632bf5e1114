// One tree as the launcher keeps it: the conversation with its init, from the start report to the last process.
//
// The launcher's thread calls the methods marked so; everything else is thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "lib/sandbox/init_process.h"

namespace agentos::sandbox {

class RunningTree {
 public:
  RunningTree(std::uint64_t id, LaunchPlan plan, PreparedInit prepared, std::function<void(Result<Started>)> on_start,
              std::function<void(ExitStatus)> on_exit, BlockedCallback on_blocked);

  std::uint64_t id() const { return id_; }
  int pid() const;
  Status send(CommandKind kind, int argument);
  Status ask(CommandKind kind);  // and waits for the answer, at most kAnswerMs

  // The launcher's thread only.
  Status start(const std::string& init_path);
  void fail_start(Error error);
  int control_fd() const { return prepared_.control.get(); }
  int process_fd() const { return init_.process.get(); }
  bool read_reports();  // false when the socket is at its end
  void init_ended();    // init is gone: reaps it
  bool finish();        // after init_ended: true when nothing of the tree is left, and then the callback was called

 private:
  static constexpr int kAnswerMs = 5000;
  void handle(const StartReport& report);
  void handle(const DoneReport& report);
  void handle(const BlockedReport& report) const;
  void close_control();

  const std::uint64_t id_;
  const LaunchPlan plan_;
  PreparedInit prepared_;
  InitProcess init_;
  std::function<void(Result<Started>)> on_start_;
  std::function<void(ExitStatus)> on_exit_;
  BlockedCallback on_blocked_;
  std::optional<StartReport> start_report_;
  std::optional<ExitReport> exit_report_;
  bool started_ = false;

  mutable std::mutex mutex_;
  std::condition_variable answered_;
  bool open_ = true;  // the control socket can be used
  int pid_ = 0;
  std::uint32_t sequence_ = 0;
  std::map<std::uint32_t, std::optional<int>> answers_;  // by sequence; bounded by the threads that wait
};

}  // namespace agentos::sandbox
