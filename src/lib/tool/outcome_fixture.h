// For tests: runs one invocation and waits for its result, or watches how often `done` came.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "lib/tool/registry.h"

namespace agentos::tool {

class Outcome {
 public:
  // What to give as `done`; it shares the outcome, so a late call finds it alive.
  static std::function<void(ToolResult)> done_of(const std::shared_ptr<Outcome>& outcome) {
    return [outcome](ToolResult result) { outcome->set(std::move(result)); };
  }
  ToolResult wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return count_ > 0; });
    return result_;
  }
  int count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  void set(ToolResult result) {
    std::lock_guard lock(mutex_);
    if (count_++ == 0) result_ = std::move(result);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  ToolResult result_;
  int count_ = 0;
};

inline ToolResult run(Executor& executor, const Manifest& manifest, json::Value arguments,
                      std::int64_t timeout_ms = 0) {
  auto outcome = std::make_shared<Outcome>();
  const auto running =
      executor.execute(manifest, {std::move(arguments), timeout_ms, "agent-1", {}, {}}, Outcome::done_of(outcome));
  return outcome->wait();
}

inline std::int64_t elapsed_ms(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - since).count();
}

}  // namespace agentos::tool
