// One thread for everything that must not run on a caller's thread: continuations and timers, in order of their time.
//
// Until stop() a task never runs on the poster's thread, which may be the recorder's or the launcher's and must not
// wait for itself. Bound: a task belongs to a call or an agent, so there are at most (agents_max x calls in flight of
// one) of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace agentos::kernel {

class Reactor {
 public:
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;

  Reactor();
  ~Reactor();  // runs what is posted, drops timers, joins

  void post(Task task);
  TimerId after_ms(std::int64_t delay_ms, Task task);  // wall-clock independent
  void cancel(TimerId timer);                          // a timer that already fired is no error
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::map<std::pair<std::int64_t, TimerId>, Task> timers_;
  std::map<TimerId, std::int64_t> due_;
  TimerId next_timer_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace agentos::kernel
