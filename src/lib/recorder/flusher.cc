// See flusher.h.
#include "lib/recorder/flusher.h"

namespace agentos::recorder {

Flusher::Flusher(std::function<void(Status)> ended) : ended_(std::move(ended)), thread_([this] { run(); }) {}

Flusher::~Flusher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Flusher::start(std::function<Status()> action) {
  {
    const std::lock_guard lock(mutex_);
    action_ = std::move(action);
  }
  changed_.notify_one();
}

void Flusher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || action_; });
    if (!action_) return;
    const auto action = std::exchange(action_, nullptr);
    lock.unlock();
    ended_(action());
    lock.lock();
  }
}

}  // namespace agentos::recorder
