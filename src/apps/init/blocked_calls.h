// What was refused to the program, told to the launcher: each different attempt once, and again when its count reaches
// the next power of ten and at the end. Bounded by kBlockedKindsMax (kTracedKindsMax where opens are traced); what is
// more is counted together. Thread-safe.
#pragma once

#include <pthread.h>

#include "apps/init/caller.h"
#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

class BlockedCalls {
 public:
  explicit BlockedCalls(const Plan& plan) : plan_(plan) {}

  // Whether it is the program that asks, and not the start's own probes before it is executed.
  bool is_of_program(const Caller& caller);
  // `access` of an open; `granted`: it was let through, and is told of because opens are traced.
  void add(Attempt attempt, const char* target, const Caller& caller, std::uint32_t access = 0, bool granted = false);

  // The launcher knows that the program runs: from now on it is told.
  void begin();
  // The counts that have not been told; when the tree has ended.
  void finish();

 private:
  void tell_all();

  const Plan& plan_;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  std::size_t used_ = 0;  // of a table that is not touched before something is refused
  bool running_ = false;
};

}  // namespace agentos::sandbox
