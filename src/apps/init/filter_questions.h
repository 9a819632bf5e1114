// The calls that the program's filter sends to init, one at a time: each is answered by whoever knows it.
//
// In a thread of its own: whatever a question makes it wait for (a connection, memory or a path that the caller's side
// serves) the supervisor does not wait for. A wait that a signal ends is ended after kAnswerMsMax.
#pragma once

#include "apps/init/blocked_calls.h"
#include "apps/init/connect_broker.h"
#include "apps/init/file_watch.h"
#include "apps/init/metadata_broker.h"

namespace agentos::sandbox {

class FilterQuestions {
 public:
  explicit FilterQuestions(const Plan& plan) : plan_(plan), files_(plan), blocked_(plan) {}

  // Before the thread runs; nothing but blocked() may be called after.
  MetadataBroker& metadata() { return metadata_; }
  ConnectBroker& connections() { return connections_; }
  // Answers what comes on the filter's listener, which is this object's from here on, until nobody uses the filter or
  // the process ends. 0 or errno.
  int answer_in_a_thread(int listener);

  BlockedCalls& blocked() { return blocked_; }

 private:
  static constexpr int kAnswerMsMax = 1000;
  static constexpr int kAgainMs = 20;  // a signal that came before its wait began is followed by another
  static void* run(void* self);
  static void interrupt_after(int first_ms);
  void answer_all();
  void answer_one();
  // 0 or the errno that the program gets.
  int answer(const Caller& caller, bool& goes_on);
  int connect(const Caller& caller);

  const Plan& plan_;
  int listener_ = -1;
  MetadataBroker metadata_;
  ConnectBroker connections_;
  FileWatch files_;
  BlockedCalls blocked_;
};

}  // namespace agentos::sandbox
