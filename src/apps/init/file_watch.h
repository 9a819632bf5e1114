// Which executions and, where opens are traced, which openings the profile refuses: for the record only. Every call
// goes on, and Landlock and the mount namespace decide it. The judgement here is made from what the caller's memory
// says at that moment, so a caller that rewrites it misleads the record, never the decision.
#pragma once

#include "apps/init/blocked_calls.h"
#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

class FileWatch {
 public:
  explicit FileWatch(const Plan& plan) : plan_(plan) {}
  // Notes execve() or execveat() of a program that exists and that no rule lets run, or open(), openat() and creat() of
  // what no rule lets open so; where opens are traced also what is let through.
  void look(const Caller& caller, BlockedCalls& blocked) const;

 private:
  struct Question;
  bool read_question(const Caller& caller, Question& question) const;
  bool granted(int root, const char* place, std::uint32_t access) const;

  const Plan& plan_;
};

}  // namespace agentos::sandbox
