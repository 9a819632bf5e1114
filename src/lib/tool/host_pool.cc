// See host_pool.h. `done` and the functions run without the pool's lock.
#include "lib/tool/host_pool.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>
#include <typeinfo>
#include <utility>

#include <fmt/format.h>

#include "lib/tool/result.h"

namespace agentos::tool {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kStopGrace{1000};

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    &std::free);
  return status == 0 && name ? name.get() : type.name();
}

}  // namespace

struct HostPool::Job {
  std::shared_ptr<const HostFunction> function;
  Invocation invocation;
  std::int64_t timeout_ms = 0;
  std::int64_t output_bytes_max = 0;
  std::atomic<bool> cancelled{false};
  // The rest is the pool's, under its mutex.
  Done done;  // taken by whoever ends the job
  Timers::iterator timer;
  bool ended = false;

  ToolResult call() const;
};

ToolResult HostPool::Job::call() const {
  try {
    auto value = (*function)(invocation.arguments, cancelled);
    if (!value) return failed(value.error());
    ToolResult result;
    result.output_bytes = static_cast<std::int64_t>(json::write(*value).size());
    if (result.output_bytes > output_bytes_max) {
      return failed("TooLarge",
                    fmt::format("the result has {} octets, more than {}", result.output_bytes, output_bytes_max));
    }
    result.value = std::move(*value);
    return result;
  } catch (const std::exception& exception) {
    return failed(type_name(typeid(exception)), exception.what());
  } catch (...) {
    return failed("exception", "the function threw something that is not a std::exception");
  }
}

bool HostPool::retire(const JobPointer& job) {
  if (job->ended) return false;
  job->ended = true;
  timers_.erase(job->timer);
  if (const auto queued = std::ranges::find(queue_, job); queued != queue_.end()) queue_.erase(queued);
  return true;
}

bool HostPool::start_thread(void (HostPool::*body)()) {
  try {
    std::thread([pool = shared_from_this(), body] { (pool.get()->*body)(); }).detach();
  } catch (const std::system_error&) {
    return false;  // the host has no thread to give
  }
  ++threads_;
  return true;
}

HostPool::JobPointer HostPool::submit(std::shared_ptr<const HostFunction> function, const Manifest& manifest,
                                      Invocation invocation, Done done) {
  auto job = std::make_shared<Job>();
  job->function = std::move(function);
  job->timeout_ms = timeout_ms_of(manifest, invocation);
  job->output_bytes_max = manifest.output_bytes_max;
  job->invocation = std::move(invocation);
  const char* refusal = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = "the program is ending";
    } else if (queue_.size() >= kQueueMax) {
      refusal = "too many calls wait for a thread";
    } else if (!timer_runs_ && !(timer_runs_ = start_thread(&HostPool::keep_time))) {
      refusal = "no thread could be started to keep time";
    } else {
      if (queue_.size() >= idle_ && workers_ < kThreadsMax && start_thread(&HostPool::work)) ++workers_;
      if (workers_ == 0) refusal = "no thread could be started";
    }
    job->ended = refusal != nullptr;
    if (refusal == nullptr) {
      job->done = done;
      queue_.push_back(job);
      job->timer = timers_.emplace(SteadyClock::now() + std::chrono::milliseconds(job->timeout_ms), job);
      has_work_.notify_one();
      if (job->timer == timers_.begin()) has_timer_.notify_one();
    }
  }
  if (refusal != nullptr) done(failed("Busy", refusal));
  return job;
}

void HostPool::cancel(const JobPointer& job) {
  job->cancelled = true;
  Done done;
  {
    std::lock_guard lock(mutex_);
    if (!retire(job)) return;
    done = std::move(job->done);
  }
  done(cancelled());
}

void HostPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    has_work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) break;
    JobPointer job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    ToolResult result = job->call();
    lock.lock();
    Done done = retire(job) ? std::move(job->done) : Done();
    lock.unlock();
    if (done) done(std::move(result));
    done = nullptr;  // what it holds goes without the lock
    job.reset();
    lock.lock();
  }
  --workers_;
  --threads_;
  has_ended_.notify_all();
}

void HostPool::keep_time() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (timers_.empty()) {
      has_timer_.wait(lock);
      continue;
    }
    const Deadline earliest = timers_.begin()->first;
    if (SteadyClock::now() < earliest) {
      has_timer_.wait_until(lock, earliest);
      continue;
    }
    const JobPointer job = timers_.begin()->second;
    job->cancelled = true;
    CHECK(retire(job));
    Done done = std::move(job->done);
    lock.unlock();
    done(timed_out(job->timeout_ms));
    done = nullptr;
    lock.lock();
  }
  --threads_;
  has_ended_.notify_all();
}

void HostPool::stop() {
  std::vector<JobPointer> left;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [deadline, job] : timers_) left.push_back(job);
    has_work_.notify_all();
    has_timer_.notify_all();
  }
  for (const JobPointer& job : left) cancel(job);
  std::unique_lock lock(mutex_);
  has_ended_.wait_for(lock, kStopGrace, [this] { return threads_ == 0; });
}

namespace {

class HostRunning final : public Running {
 public:
  HostRunning(std::shared_ptr<HostPool> pool, HostPool::JobPointer job)
      : pool_(std::move(pool)), job_(std::move(job)) {}
  void cancel() override { pool_->cancel(job_); }

 private:
  std::shared_ptr<HostPool> pool_;
  HostPool::JobPointer job_;
};

class HostExecutor final : public Executor {
 public:
  HostExecutor(std::shared_ptr<HostPool> pool, HostFunction function)
      : pool_(std::move(pool)), function_(std::make_shared<const HostFunction>(std::move(function))) {}

  std::shared_ptr<Running> execute(const Manifest& manifest, Invocation invocation,
                                   std::function<void(ToolResult)> done) override {
    auto job = pool_->submit(function_, manifest, std::move(invocation), std::move(done));
    return std::make_shared<HostRunning>(pool_, std::move(job));
  }

 private:
  std::shared_ptr<HostPool> pool_;
  std::shared_ptr<const HostFunction> function_;
};

}  // namespace

struct HostExecutors::State {
  std::shared_ptr<HostPool> pool = std::make_shared<HostPool>();
};

HostExecutors::HostExecutors() : state_(std::make_shared<State>()) {}
HostExecutors::~HostExecutors() { state_->pool->stop(); }

std::shared_ptr<Executor> HostExecutors::make(HostFunction function) {
  return std::make_shared<HostExecutor>(state_->pool, std::move(function));
}

}  // namespace agentos::tool
