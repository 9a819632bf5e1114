// Reports in, commands out; and the clean-up of a tree whose init was killed.
#include "lib/sandbox/running_tree.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/sandbox/manifest.h"
#include "lib/sandbox/mechanism/cgroup.h"
#include "lib/sandbox/mechanism/placeholder.h"
#include "lib/sandbox/mechanism/tree.h"
#include "lib/sandbox/mechanism/tree_directory.h"

namespace agentos::sandbox {
namespace {

constexpr std::int64_t kWallMsWatched = std::int64_t{1} << 40;  // 35 years: longer ones do not fit a clock's range

}  // namespace

RunningTree::RunningTree(std::uint64_t id, LaunchPlan plan, PreparedInit prepared,
                         std::function<void(Result<Started>)> on_start, std::function<void(ExitStatus)> on_exit,
                         BlockedCallback on_blocked, std::function<void(std::uint64_t id, Time when)> look_at)
    : id_(id),
      plan_(std::move(plan)),
      prepared_(std::move(prepared)),
      on_start_(std::move(on_start)),
      on_exit_(std::move(on_exit)),
      on_blocked_(std::move(on_blocked)),
      look_at_(std::move(look_at)) {}

int RunningTree::pid() const {
  const std::lock_guard lock(mutex_);
  return pid_;
}

Status RunningTree::send_locked(CommandKind kind, std::uint32_t sequence, int argument) {
  if (!open_) return fail(ErrorCode::kClosed, "the process tree has ended");
  const Command command{kind, sequence, argument};
  if (kind == CommandKind::kKill) look_at_(id_, Time::clock::now() + std::chrono::milliseconds(kObeyMs));
  if (::send(prepared_.control.get(), &command, sizeof command, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
  if (kind == CommandKind::kKill) return {};  // it is killed when it does not end by itself
  return fail_errno(errno, "cannot reach agentos-init");
}

Status RunningTree::send(CommandKind kind, int argument) {
  const std::lock_guard lock(mutex_);
  return send_locked(kind, 0, argument);
}

// A tree that must stand still, and whose init does not read or answer, is killed.
Status RunningTree::ask(CommandKind kind) {
  std::unique_lock lock(mutex_);
  const std::uint32_t sequence = ++sequence_ == kEndingSequence ? ++sequence_ : sequence_;
  answers_[sequence] = std::nullopt;
  Status sent = send_locked(kind, sequence, 0);
  if (!sent) {
    answers_.erase(sequence);
    if (kind == CommandKind::kFreeze) (void)send_locked(CommandKind::kKill, 0, 0);
    return sent;
  }
  answered_.wait_for(lock, std::chrono::milliseconds(kAnswerMs),
                     [&] { return !open_ || answers_[sequence].has_value(); });
  const std::optional<int> answer = answers_[sequence];
  answers_.erase(sequence);
  if (answer.has_value()) {
    if (*answer == 0) return {};
    return fail_errno(*answer, kind == CommandKind::kFreeze ? "cannot freeze the tree" : "cannot thaw the tree");
  }
  if (!open_) return fail(ErrorCode::kClosed, "the process tree has ended");
  if (kind != CommandKind::kFreeze) return fail(ErrorCode::kTimedOut, "agentos-init did not answer");
  TRY(send_locked(CommandKind::kKill, 0, 0));
  return fail(ErrorCode::kTimedOut, "agentos-init did not answer; its process tree is killed");
}

Status RunningTree::start(const std::string& init_path) {
  init_ = TRY(start_init(init_path, prepared_));
  return {};
}

void RunningTree::close_control() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  prepared_.control.reset();
  answered_.notify_all();
}

void RunningTree::fail_start(Error error) {
  close_control();
  if (init_.pid > 0 && !init_.process.valid()) ::waitpid(init_.pid, nullptr, 0);
  if (on_start_) on_start_(std::unexpected(std::move(error)));
}

void RunningTree::handle(const StartReport& report) {
  start_report_ = report;
  start_report_->cgroup_path[kCgroupPathMax - 1] = 0;
  if (report.stage != Stage::kRunning) return;
  started_ = true;
  {
    const std::lock_guard lock(mutex_);
    pid_ = report.pid;
    if (plan_.header.wall_ms > 0) {
      wall_limit_ = Time::clock::now() + std::chrono::milliseconds(std::min(plan_.header.wall_ms, kWallMsWatched));
      look_at_(id_, *wall_limit_ + std::chrono::milliseconds(kObeyMs));
    }
  }
  if (on_start_) on_start_(Started{report.pid, init_.pid, make_manifest(plan_, *start_report_)});
}

void RunningTree::handle(const DoneReport& report) {
  const std::lock_guard lock(mutex_);
  if (report.sequence == kEndingSequence) ending_ = true;
  const auto waiting = answers_.find(report.sequence);
  if (waiting == answers_.end()) return;
  waiting->second = report.error;
  answered_.notify_all();
}

void RunningTree::handle(const BlockedReport& report) const {
  if (started_ && on_blocked_) on_blocked_(describe_blocked(report, plan_.network));
}

bool RunningTree::read_reports() {
  // A packet is known by its size.
  static_assert(sizeof(StartReport) > sizeof(BlockedReport) && sizeof(BlockedReport) > sizeof(ExitReport) &&
                sizeof(ExitReport) > sizeof(DoneReport));
  for (;;) {
    alignas(StartReport) char bytes[sizeof(StartReport)];
    const ssize_t size = ::recv(prepared_.control.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN;
    if (size == sizeof(StartReport)) {
      StartReport report;
      std::memcpy(&report, bytes, sizeof report);
      handle(report);
    } else if (size == sizeof(ExitReport)) {
      exit_report_.emplace();
      std::memcpy(&*exit_report_, bytes, sizeof(ExitReport));
    } else if (size == sizeof(BlockedReport)) {
      BlockedReport report;
      std::memcpy(&report, bytes, sizeof report);
      handle(report);
    } else if (size == sizeof(DoneReport)) {
      DoneReport report;
      std::memcpy(&report, bytes, sizeof report);
      handle(report);
    } else {
      return false;
    }
  }
}

void RunningTree::overdue() {
  read_reports();  // at the end of the socket the pidfd tells the rest
  const std::lock_guard lock(mutex_);
  if (ending_ || !open_) return;
  out_of_time_ = wall_limit_.has_value() && Time::clock::now() >= *wall_limit_;
  ::syscall(SYS_pidfd_send_signal, init_.process.get(), SIGKILL, nullptr, 0U);
}

void RunningTree::init_ended() {
  read_reports();
  close_control();
  ::waitpid(init_.pid, nullptr, 0);  // ECHILD where the process ignores SIGCHLD
  init_.process.reset();
}

// Whoever killed init left its tree to us: the program itself dies by PR_SET_PDEATHSIG, the rest by cgroup and mark.
bool RunningTree::finish() {
  const bool orderly = exit_report_.has_value() || (start_report_.has_value() && !started_);
  if (!orderly) {
    Cgroup cgroup = find_cgroup(plan_.header.mark);
    kill_cgroup(cgroup);
    thaw_cgroup(cgroup);  // what is frozen does not die
    if (end_marked({plan_.header.mark, plan_.header.user}) != 0) return false;
    if (cgroup_populated(cgroup)) return false;
    remove_cgroup(cgroup);
    for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
      remove_placeholder(plan_.rules[i].path.c_str(), plan_.rule_flags[i], -1);
    }
    remove_tree_directory(plan_.tree_directory.c_str());
  }
  if (!started_) {
    Error error{ErrorCode::kCancelled, "the start was cancelled: agentos-init ended before it could report", ""};
    if (start_report_.has_value()) error = start_error(plan_, *start_report_);
    if (on_start_) on_start_(std::unexpected(std::move(error)));
    return true;
  }
  ExitStatus status{.signaled = true, .code = SIGKILL};
  if (out_of_time_) status.by = ExitStatus::By::kTimeLimit;
  if (exit_report_.has_value()) {
    const int wait_status = exit_report_->wait_status;
    status.signaled = WIFSIGNALED(wait_status);
    status.code = status.signaled ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    status.core_dumped = status.signaled && WCOREDUMP(wait_status);
    status.cpu_us = exit_report_->cpu_us;
    status.memory_peak_bytes = exit_report_->memory_peak_bytes;
    if (exit_report_->ending == Ending::kWallLimit) status.by = ExitStatus::By::kTimeLimit;
    if (exit_report_->ending == Ending::kProtection) status.by = ExitStatus::By::kProtectionLost;
  }
  if (on_exit_) on_exit_(status);
  return true;
}

}  // namespace agentos::sandbox
