// The calls that the program's filter sends to init, one at a time: each is answered by whoever knows it.
#pragma once

#include "apps/init/blocked_calls.h"
#include "apps/init/connect_broker.h"
#include "apps/init/file_watch.h"
#include "apps/init/metadata_broker.h"

namespace agentos::sandbox {

class FilterQuestions {
 public:
  explicit FilterQuestions(const Plan& plan) : plan_(plan), files_(plan) {}

  // The listener of the filter; owned from here on.
  void listen(int listener);
  int listener() const { return listener_; }  // poll it for input; -1: none
  void answer_one();
  void close();

  MetadataBroker& metadata() { return metadata_; }
  ConnectBroker& connections() { return connections_; }
  BlockedCalls& blocked() { return blocked_; }

 private:
  int connect(const Caller& caller);

  const Plan& plan_;
  int listener_ = -1;
  MetadataBroker metadata_;
  ConnectBroker connections_;
  FileWatch files_;
  BlockedCalls blocked_;
};

}  // namespace agentos::sandbox
