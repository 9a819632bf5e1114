// ApprovalNotifier: runs a program of the operator's choice when a call comes to wait for a person.
//
// The program gets one argument, the approval's id, which the kernel made; the rest comes as one line of JSON on its
// standard input: approval, agent, call, tool, rule, expires_us. Arguments of the call are not told: they may hold
// secrets. No shell reads anything. Its output goes nowhere, its environment is what a desktop's notifier needs
// (kPassedVariables). One runs at a time, for kNotifySecondsMax; kNotifyQueueMax wait, and what comes beyond is not
// told.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "abi/calls.h"
#include "base/error.h"

namespace agentos::cli {

inline constexpr std::size_t kNotifyQueueMax = 64;
inline constexpr std::int64_t kNotifySecondsMax = 10;

class ApprovalNotifier {
 public:
  // `program`: a path, or a name that PATH finds. kNotFound when it is not there or cannot be run.
  static Result<std::unique_ptr<ApprovalNotifier>> start(const std::string& program);
  ~ApprovalNotifier();  // kills what runs

  void tell(const abi::ApprovalEntry& entry);  // any thread; never waits
  std::uint64_t dropped() const;

 private:
  struct Notice {
    std::string approval, line;
  };
  explicit ApprovalNotifier(std::string program);
  void work();
  void run(const Notice& notice);

  const std::string program_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Notice> queue_;
  std::uint64_t dropped_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace agentos::cli
