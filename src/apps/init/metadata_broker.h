// Answers the calls that change a file's mode, owner or times, which Landlock does not hold.
//
// The filter sends them here; init resolves the name as the caller would, and carries the change out only when what it
// found lies below a write grant (or is one) and belongs to init's own user. Set-id bits are never set, owners never
// changed. The change is made on the descriptor that was judged, so a caller that rewrites its memory or renames
// things meanwhile gains nothing.
#pragma once

#include "apps/init/blocked_calls.h"
#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

class MetadataBroker {
 public:
  // Pins the write grants of the plan; to be called before the program runs.
  void pin_grants(const Plan& plan);
  // 0 or the errno that the program gets; ENOSYS for calls that are none of these. May wait for what the caller's side
  // serves; EINTR when a signal ended that.
  int answer(const Caller& caller, BlockedCalls& blocked) const;

 private:
  static constexpr int kGrantsMax = 64;
  bool below_a_grant(int target) const;

  int grants_[kGrantsMax] = {};
  int grants_count_ = 0;
};

}  // namespace agentos::sandbox
