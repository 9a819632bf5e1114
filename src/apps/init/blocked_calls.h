// What was refused to the program, told to the launcher: each different attempt once, and again when its count reaches
// the next power of ten and at the end. Bounded by kBlockedKindsMax; what is more is counted together.
#pragma once

#include "apps/init/caller.h"
#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {

class BlockedCalls {
 public:
  // Attempts before this are the start's own probes.
  void begin() { running_ = true; }
  bool running() const { return running_; }
  void add(Attempt attempt, const char* target, const Caller& caller);
  // The counts that have not been told; when the tree has ended.
  void finish();

 private:
  std::size_t used_ = 0;  // of a table that is not touched before something is refused
  bool running_ = false;
};

}  // namespace agentos::sandbox
