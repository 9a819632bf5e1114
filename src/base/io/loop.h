// One thread's event loop over epoll: readiness of descriptors, timers, and work handed over by other threads.
//
// Everything runs on the thread inside run() or run_once(). post(), stop() and nothing else may be called from any
// thread; the rest only from the loop's own thread (or before it runs). Callbacks may add, modify and remove any
// descriptor and timer, their own included; a descriptor removed in a callback gets no event any more, not even one
// that was already reported by the system.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/io/fd.h"

namespace agentos::io {

class Loop {
 public:
  using Ready = std::function<void(std::uint32_t epoll_events)>;
  using Work = std::function<void()>;
  using TimerId = std::uint64_t;  // never 0, never used twice

  static Result<std::unique_ptr<Loop>> make();
  // Timers follow `clock`, which must outlive the loop; with a clock moved by hand only run_once() makes sense.
  static Result<std::unique_ptr<Loop>> make(const Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The descriptor stays the caller's; remove it before closing it. kAlreadyExists when it is in the loop.
  Status add(int fd, std::uint32_t epoll_events, Ready on_ready);
  Status modify(int fd, std::uint32_t epoll_events);  // kNotFound when it is not in the loop
  Status remove(int fd);                              // kNotFound when it is not in the loop

  // Runs once, `ms` from now or as soon after as the loop gets to it. Timers that are due run in order of time.
  TimerId after_ms(std::int64_t ms, Work work);
  bool cancel(TimerId id);  // false when it has run or was cancelled

  // Any thread. Runs in order of posting. The queue has no bound: posting must not outrun the loop for ever, and who
  // posts on behalf of an outsider bounds that himself.
  void post(Work work);

  // Until stop(); a stop() that came before makes the next run() return at once. kIo when epoll fails.
  Status run();
  void stop();  // any thread
  // Waits at most timeout_ms (-1: until something happens), runs what is ready, returns.
  Status run_once(int timeout_ms);

 private:
  struct Watch {
    std::uint32_t generation;
    Ready on_ready;
  };
  static constexpr int kEventsPerWait = 64;

  Loop(const Clock* clock, Fd epoll, Fd wake);
  int wait_ms(int timeout_ms) const;
  void run_due_timers();
  void run_posted();
  void wake();

  RealClock real_clock_;
  const Clock& clock_;
  Fd epoll_;
  Fd wake_;
  std::uint32_t next_generation_ = 1;
  std::unordered_map<int, std::shared_ptr<Watch>> watches_;
  TimerId next_timer_ = 1;
  std::map<std::pair<std::int64_t, TimerId>, Work> timers_;  // by due time in monotonic ns
  std::unordered_map<TimerId, std::int64_t> due_ns_;
  std::atomic<bool> stopping_{false};
  std::mutex posted_mutex_;
  std::vector<Work> posted_;
};

}  // namespace agentos::io
