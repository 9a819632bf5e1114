// Which executions the profile refuses, for the record only: every execve goes on, and Landlock and the mount namespace
// decide it. The judgement here is made from what the caller's memory says at that moment, so a caller that rewrites it
// misleads the record, never the decision.
#pragma once

#include "apps/init/blocked_calls.h"
#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

class ExecutionWatch {
 public:
  explicit ExecutionWatch(const Plan& plan) : plan_(plan) {}
  // Notes execve() or execveat() of a program that exists and that no rule lets run.
  void look(const Caller& caller, BlockedCalls& blocked) const;

 private:
  bool granted(int root, const char* place) const;

  const Plan& plan_;
};

}  // namespace agentos::sandbox
