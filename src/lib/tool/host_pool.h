// Functions of this program as tools: worker threads made on demand, a bounded queue, and a timer thread that ends a
// call at its deadline whether or not its function has returned.
//
// A call ends once, by whoever is first: its function, its deadline, its cancellation or the end of the pool; what
// comes later is dropped. Threads are detached and share the pool, so a function that never returns keeps only its
// own thread. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "lib/tool/registry.h"

namespace agentos::tool {

class HostPool : public std::enable_shared_from_this<HostPool> {
 public:
  static constexpr std::size_t kThreadsMax = 64;
  static constexpr std::size_t kQueueMax = 1024;

  using Done = std::function<void(ToolResult)>;
  using Deadline = std::chrono::steady_clock::time_point;
  struct Job;
  using JobPointer = std::shared_ptr<Job>;

  // Refused calls end as failed before this returns.
  JobPointer submit(std::shared_ptr<const HostFunction> function, const Manifest& manifest, Invocation invocation,
                    Done done);
  void cancel(const JobPointer& job);
  // Cancels everything and waits a moment for functions that heed it. No submit() may follow.
  void stop();

 private:
  using Timers = std::multimap<Deadline, JobPointer>;

  bool start_thread(void (HostPool::*body)());
  void work();
  void keep_time();
  // Takes the job off queue and timers; false when it has ended already. With the mutex held.
  bool retire(const JobPointer& job);

  std::mutex mutex_;
  std::condition_variable has_work_;   // a job is queued, or stopping
  std::condition_variable has_timer_;  // the earliest deadline changed, or stopping
  std::condition_variable has_ended_;  // a thread ended
  std::deque<JobPointer> queue_;
  Timers timers_;            // one for every job that has not ended
  std::size_t threads_ = 0;  // workers and timer
  std::size_t workers_ = 0;
  std::size_t idle_ = 0;
  bool timer_runs_ = false;
  bool stopping_ = false;
};

}  // namespace agentos::tool
