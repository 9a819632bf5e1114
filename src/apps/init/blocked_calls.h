// What was refused to the program, told to the launcher: each different attempt once, and again when its count reaches
// the next power of ten and at the end. Bounded by kBlockedKindsMax
// (kTracedKindsMax where opens are traced); what is more is counted together.
#pragma once

#include "apps/init/caller.h"
#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

class BlockedCalls {
 public:
  // Attempts before this are the start's own probes.
  void begin(std::size_t kinds_max) {
    kinds_max_ = kinds_max;
    running_ = true;
  }
  bool running() const { return running_; }
  // The launcher knows of the start: what was seen before is told now, what comes later at once.
  void tell_from_now_on();
  // add(), begin() and running() are called by one thread, the others by another.
  // `access` of an open; `granted`: it was let through, and is told of because opens are traced.
  void add(Attempt attempt, const char* target, const Caller& caller, std::uint32_t access = 0, bool granted = false);
  // The counts that have not been told; when the tree has ended.
  void finish();

 private:
  std::size_t kinds_max_ = kBlockedKindsMax;
  std::size_t used_ = 0;  // of a table that is not touched before something is refused
  bool running_ = false;
};

}  // namespace agentos::sandbox
