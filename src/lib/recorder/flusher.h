// A thread that waits for the disk, so that its caller need not: one action at a time.
//
// start() and the destructor are called by one thread; `ended` is called on the flusher's thread with the result, after
// which start() may be called again. Destroying it waits for the running action and its `ended`.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace agentos::recorder {

class Flusher {
 public:
  explicit Flusher(std::function<void(Status)> ended);
  ~Flusher();

  void start(std::function<Status()> action);  // the one before it has ended

 private:
  void run();

  const std::function<void(Status)> ended_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<Status()> action_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace agentos::recorder
