// A deque, a map of timers and one thread.
#include "kernel/reactor.h"

#include <chrono>

namespace agentos::kernel {
namespace {
std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
}  // namespace

Reactor::Reactor() : thread_([this] { run(); }) {}

Reactor::~Reactor() { stop(); }

void Reactor::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

void Reactor::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    if (!stopping_) {
      tasks_.push_back(std::move(task));
      wake_.notify_one();
      return;
    }
  }
  task();
}

Reactor::TimerId Reactor::after_ms(std::int64_t delay_ms, Task task) {
  std::lock_guard lock(mutex_);
  const TimerId timer = next_timer_++;
  const std::int64_t due = now_ns() + delay_ms * 1'000'000;
  timers_.emplace(std::pair{due, timer}, std::move(task));
  due_.emplace(timer, due);
  wake_.notify_one();
  return timer;
}

void Reactor::cancel(TimerId timer) {
  std::lock_guard lock(mutex_);
  const auto found = due_.find(timer);
  if (found == due_.end()) return;
  timers_.erase({found->second, timer});
  due_.erase(found);
}

void Reactor::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Task task;
    if (!timers_.empty() && timers_.begin()->first.first <= now_ns()) {
      auto node = timers_.extract(timers_.begin());
      due_.erase(node.key().second);
      task = std::move(node.mapped());
    } else if (!tasks_.empty()) {
      task = std::move(tasks_.front());
      tasks_.pop_front();
    } else if (stopping_) {
      return;
    } else if (timers_.empty()) {
      wake_.wait(lock);
      continue;
    } else {
      const auto due = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(timers_.begin()->first.first));
      wake_.wait_until(lock, due);
      continue;
    }
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace agentos::kernel
