// One tree as the launcher keeps it: the conversation with its init, from the start report to the last process.
//
// Init is asked, and not trusted to hear: when it does not begin to end its tree kObeyMs after it was told to, or after
// the tree's time was over, or when it does not answer a freeze, it is killed, and its tree is ended from here.
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
  using Time = std::chrono::steady_clock::time_point;

  // `look_at` asks for a call of overdue() at that time; it is called while the tree is not finished, under its lock.
  RunningTree(std::uint64_t id, LaunchPlan plan, PreparedInit prepared, std::function<void(Result<Started>)> on_start,
              std::function<void(ExitStatus)> on_exit, BlockedCallback on_blocked,
              std::function<void(std::uint64_t id, Time when)> look_at);

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
  void overdue();       // kills init when it still has not begun to end the tree
  void init_ended();    // init is gone: reaps it
  bool finish();        // after init_ended: true when nothing of the tree is left, and then the callback was called

 private:
  static constexpr int kAnswerMs = 5000;
  static constexpr int kObeyMs = 2000;
  Status send_locked(CommandKind kind, std::uint32_t sequence, int argument);
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
  const std::function<void(std::uint64_t, Time)> look_at_;
  std::optional<StartReport> start_report_;
  std::optional<ExitReport> exit_report_;
  bool started_ = false;
  std::optional<Time> wall_limit_;
  bool out_of_time_ = false;  // init did not end the tree at its wall limit

  mutable std::mutex mutex_;
  std::condition_variable answered_;
  bool open_ = true;     // the control socket can be used
  bool ending_ = false;  // init began to end the tree
  int pid_ = 0;
  std::uint32_t sequence_ = kEndingSequence;
  std::map<std::uint32_t, std::optional<int>> answers_;  // by sequence; bounded by the threads that wait
};

}  // namespace agentos::sandbox
