// Answers the calls that change a file's mode, owner or times, which Landlock does not hold.
//
// The filter sends them here; init resolves the name as the caller would, and carries the change out only when what it
// found lies below a write grant (or is one) and belongs to init's own user. Set-id bits are never set, owners never
// changed. The change is made on the descriptor that was judged, so a caller that rewrites its memory or renames
// things meanwhile gains nothing.
//
// It answers in a thread of its own: whatever a question makes it wait for (a connection, memory or a path that the
// caller's side serves) the supervisor does not wait for. A wait that a signal ends is ended after kAnswerMsMax.
#pragma once

#include "apps/init/connect_broker.h"
#include "lib/sandbox/mechanism/plan.h"

namespace agentos::sandbox {

class MetadataBroker {
 public:
  // Pins the write grants of the plan; to be called before the program runs.
  void pin_grants(const Plan& plan);
  // Who answers connect(); it outlives this.
  void ask_about_connections(ConnectBroker* connections) { connections_ = connections; }
  // Answers what comes on the filter's listener, which is this object's from here on, until nobody uses the filter or
  // the process ends. Nothing else of this object may be called after. 0 or errno.
  int answer_in_a_thread(int listener);

 private:
  static constexpr int kGrantsMax = 64;
  static constexpr int kAnswerMsMax = 1000;
  static constexpr int kAgainMs = 20;  // a signal that came before its wait began is followed by another
  static void* run(void* self);
  static void interrupt_after(int first_ms);
  void answer_all();
  void answer_one();
  int answer(const seccomp_notif& notification);
  bool below_a_grant(int target) const;

  int listener_ = -1;
  ConnectBroker* connections_ = nullptr;
  int grants_[kGrantsMax] = {};
  int grants_count_ = 0;
};

}  // namespace agentos::sandbox
