// See process_pool.h. A run ends in two steps: its end is ordered (the tree is killed) or comes by itself, and when
// nothing of the tree is left the rest of its output is read and the result is handed over.
#include "lib/tool/executors/process/process_pool.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "lib/tool/executors/process/launch_plan.h"
#include "lib/tool/result.h"

namespace agentos::tool {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr int kWaitMsMax = 60'000;
constexpr int kEventsMax = 64;
constexpr int kDrainsMax = 64;  // turns of 1 MiB: what a pipe holds after the end is far below

// Keys of epoll: which run, and which of its pipes.
enum Source : std::uint64_t { kOutput = 0, kErrors = 1 };
constexpr std::uint64_t kWakeKey = 0;  // ids start at 1
constexpr std::uint64_t key_of(std::uint64_t id, Source source) { return id << 1 | source; }

}  // namespace

Status ProcessPool::start_thread() {
  if (started_) return {};
  epoll_ = io::Fd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = io::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !wake_.valid()) return fail_errno(errno, "cannot watch processes");
  TRY(watch(wake_, kWakeKey));
  try {
    thread_ = std::thread([pool = shared_from_this()] { pool->loop(); });
  } catch (const std::system_error&) {
    return fail(ErrorCode::kBusy, "no thread could be started");
  }
  started_ = true;
  return {};
}

std::uint64_t ProcessPool::submit(ProcessRun run) {
  auto shared = std::make_shared<ProcessRun>(std::move(run));
  Status ready;
  std::uint64_t id = 0;
  if (active_.fetch_add(1) >= kRunsMax) {
    ready = fail(ErrorCode::kBusy, fmt::format("too many calls: {} processes run", kRunsMax));
  } else {
    std::lock_guard lock(mutex_);
    ready = start_thread();
    if (ready) {
      id = ++last_id_;
      tasks_.push_back([this, id, shared] { start(id, shared); });
      ::eventfd_write(wake_.get(), 1);
    }
  }
  if (!ready) {
    --active_;
    shared->done(failed(ready.error()));
  }
  return id;
}

void ProcessPool::cancel(std::uint64_t id) {
  post([this, id] { order_end(id, cancelled()); });
}

void ProcessPool::post(Task task) {
  std::lock_guard lock(mutex_);
  if (!started_ || stopping_) return;
  tasks_.push_back(std::move(task));
  ::eventfd_write(wake_.get(), 1);
}

void ProcessPool::stop() {
  std::thread thread;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    if (!started_) return;
    thread = std::move(thread_);
    ::eventfd_write(wake_.get(), 1);
  }
  if (!thread.joinable()) return;
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();  // the last owner of the executor was a `done`; the loop ends after it
  } else {
    thread.join();
  }
}

void ProcessPool::loop() {
  std::array<epoll_event, kEventsMax> events;
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsMax, wait_ms());
    for (int i = 0; i < count; ++i) {
      if (const std::uint64_t key = events[static_cast<std::size_t>(i)].data.u64; key != kWakeKey) on_readable(key);
    }
    run_tasks();
    check_deadlines();
  }
  run_tasks();  // submitted before the stop
  while (!runs_.empty()) {
    const auto& [id, run] = *runs_.begin();
    run->kill();
    if (!run->verdict) run->verdict = cancelled();
    finish(id);
  }
}

void ProcessPool::run_tasks() {
  std::vector<Task> tasks;
  {
    std::lock_guard lock(mutex_);
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    tasks.swap(tasks_);
  }
  for (const Task& task : tasks) task();
}

ProcessRun* ProcessPool::find(std::uint64_t id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : found->second.get();
}

void ProcessPool::start(std::uint64_t id, const std::shared_ptr<ProcessRun>& run) {
  runs_.emplace(id, run);
  if (stopping_) return;  // the loop ends it as cancelled
  launch(id, *run);
}

void ProcessPool::launch(std::uint64_t id, ProcessRun& run) {
  const auto refuse = [&](const Error& error) {
    run.verdict = failed(error);
    finish(id);
  };
  auto plan = plan_launch(run.manifest, run.invocation, run.timeout_ms);
  if (!plan) return refuse(plan.error());
  run.output.fd = std::move(plan->output);
  run.output.kept_max = static_cast<std::size_t>(run.manifest.output_bytes_max);
  run.errors.fd = std::move(plan->errors);
  run.errors.kept_max = kErrorOutputBytesMax;
  if (const Status watched = watch(run.output.fd, key_of(id, kOutput)); !watched) return refuse(watched.error());
  if (const Status watched = watch(run.errors.fd, key_of(id, kErrors)); !watched) return refuse(watched.error());
  std::weak_ptr<ProcessPool> weak = weak_from_this();
  auto tree = launcher_.launch(
      std::move(plan->request),
      [weak, id](Result<sandbox::Started> started) {
        if (const auto pool = weak.lock()) {
          pool->post([p = pool.get(), id, started = std::move(started)] { p->on_start(id, started); });
        }
      },
      [weak, id](sandbox::ExitStatus exit) {
        if (const auto pool = weak.lock()) pool->post([p = pool.get(), id, exit] { p->on_exit(id, exit); });
      });
  if (!tree) return refuse(tree.error());
  run.tree = std::move(*tree);
}

Status ProcessPool::watch(const io::Fd& fd, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) return fail_errno(errno, "cannot watch a pipe");
  return {};
}

void ProcessPool::on_readable(std::uint64_t key) {
  const std::uint64_t id = key >> 1;
  ProcessRun* run = find(id);
  if (run == nullptr) return;
  Collected& pipe = key == key_of(id, kOutput) ? run->output : run->errors;
  pipe.read();
  if (!run->verdict && run->output.overflowed()) {
    order_end(id, failed("TooLarge", fmt::format("standard output has more than {} octets", run->output.kept_max)));
  }
}

void ProcessPool::on_start(std::uint64_t id, const Result<sandbox::Started>& started) {
  ProcessRun* run = find(id);
  if (run == nullptr) return;
  if (started) {
    run->started = true;
    return;
  }
  const Error& error = started.error();
  const std::string hint = error.hint.empty() ? std::string() : fmt::format(" ({})", error.hint);
  if (!run->verdict) run->verdict = failed("StartFailed", error.message + hint);
  finish(id);
}

void ProcessPool::on_exit(std::uint64_t id, sandbox::ExitStatus exit) {
  ProcessRun* run = find(id);
  if (run == nullptr) return;
  run->exit = exit;
  for (int i = 0; i < kDrainsMax && run->output.fd.valid() && !run->output.overflowed(); ++i) {
    const std::int64_t before = run->output.bytes;
    run->output.read();
    if (run->output.bytes == before) break;
  }
  run->errors.read();
  if (!run->verdict && run->output.overflowed()) {
    run->verdict = failed("TooLarge", fmt::format("standard output has more than {} octets", run->output.kept_max));
  }
  finish(id);
}

void ProcessPool::order_end(std::uint64_t id, ToolResult verdict) {
  ProcessRun* run = find(id);
  if (run == nullptr || run->verdict) return;
  run->verdict = std::move(verdict);
  run->deadline_ns = clock_.monotonic_ns() + kEndGraceMs * kNsPerMs;
  run->kill();
}

void ProcessPool::finish(std::uint64_t id) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return;
  const std::shared_ptr<ProcessRun> run = std::move(found->second);
  runs_.erase(found);
  run->output.fd.reset();
  run->errors.fd.reset();
  run->tree.reset();
  --active_;
  run->done(run->result());
}

void ProcessPool::check_deadlines() {
  const std::int64_t now_ns = clock_.monotonic_ns();
  std::vector<std::uint64_t> due;
  for (const auto& [id, run] : runs_) {
    if (run->deadline_ns <= now_ns) due.push_back(id);
  }
  for (const std::uint64_t id : due) {
    const ProcessRun* run = find(id);
    if (run == nullptr) continue;  // a `done` before it ended it
    if (run->verdict) {
      finish(id);
    } else {
      order_end(id, timed_out(run->timeout_ms));
    }
  }
}

int ProcessPool::wait_ms() const {
  std::int64_t wait_ms = kWaitMsMax;
  const std::int64_t now_ns = clock_.monotonic_ns();
  for (const auto& [id, run] : runs_) {
    wait_ms = std::min(wait_ms, (run->deadline_ns - now_ns + kNsPerMs - 1) / kNsPerMs);
  }
  return static_cast<int>(std::max<std::int64_t>(wait_ms, 0));
}

}  // namespace agentos::tool
