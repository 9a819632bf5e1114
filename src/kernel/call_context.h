// One call on its way through the dispatcher: what was asked, by whom, what was decided, and how it is answered.
//
// A context is touched by one thread at a time: the caller's until the call is parked, then whichever completes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "abi/kernel_api.h"
#include "kernel/agent.h"
#include "kernel/facts.h"
#include "kernel/policy_past.h"
#include "kernel/recorded.h"
#include "lib/policy/policy.h"
#include "lib/recorder/entry.h"

namespace agentos::kernel {

class Monitor;
struct CallContext;

// Who carries the call to the dispatcher: the caller itself, or the egress proxy for an agent whose connection it
// holds.
enum class Maker : std::uint8_t { kItself, kEgress };

// Who makes the call: an agent, or an operator (ring 2) without one.
struct Caller {
  std::shared_ptr<Agent> agent;  // null: an operator
  std::uint64_t session = 0;
  std::uint32_t operator_uid = 0;
  Maker maker = Maker::kItself;
};

// A call whose handler answers later. Whoever finishes first wins; later attempts do nothing and touch nothing.
struct Parked {
  CallContext* context = nullptr;
  std::function<void()> on_cancel;  // guarded by cancel_mutex; runs at most once
  std::mutex cancel_mutex;

  // `fill` writes the reply (or fails) while the context is certainly alive; then the call goes on at step 11.
  void finish(const std::function<Status(CallContext&)>& fill);
  void cancel(const Error& why);
  // True for the winner, which then owes resume().
  bool claim();
  // Taking something (a message, a status) and winning as one step, so that nothing is taken for a call that ended.
  // After kTaken the caller owes resume().
  enum class Settled : std::uint8_t { kTaken, kNotYet, kAlready };
  Settled take_if(const std::function<bool()>& take);
  // Undo of what the wait set up (timers, waiters): run once, by the winner; at once when the call is finished already.
  void when_finished(std::function<void()> cleanup);

 private:
  void clean_up();
  std::mutex settle_mutex_;        // held while something is taken
  bool finished_ = false;          // guarded by settle_mutex_
  std::function<void()> cleanup_;  // guarded by cancel_mutex
  bool cleaned_ = false;           // guarded by cancel_mutex
};

enum class Progress : std::uint8_t { kDone, kLater };
using Acted = std::expected<Progress, Error>;

struct CallContext {
  Monitor& monitor;
  Caller caller;
  const abi::Row* row = nullptr;
  std::string method;                                // as sent; for unknown calls
  const void* request = nullptr;                     // the row's request struct
  void* reply = nullptr;                             // the row's reply struct
  std::shared_ptr<void> request_owner, reply_owner;  // wire form
  json::Value params;                                // wire form, until decoded
  bool wire = false;
  bool under_way = false;   // decided again, about a call that was let through and goes on
  std::uint64_t token = 0;  // wire form: for cancel(); of the egress proxy's calls: their number
  std::vector<io::Fd> descriptors_in, descriptors_out;

  Facts facts;
  BudgetFacts agent_facts{caller.agent.get()};
  ArgumentFindings findings{*this};
  InForce in_force;     // of the agent when the call came; null for operators
  Family::Labels flow;  // information-flow labels when the call came
  std::optional<AgentPast> past;
  policy::Decision decision;
  std::string arguments;  // canonical encoding of the request; made once
  std::string approval;   // id of the approval it re-entered with
  std::uint64_t approval_epoch = 0;
  std::string asked_about;  // what the arguments stood for when the approval was asked for; see approvals.cc
  recorder::Index intent = recorder::kNoIndex;
  bool intent_asks = false;          // the intent is of a call that was parked for an approval and has no outcome yet
  std::int64_t start_us = 0;         // UTC
  std::int64_t decided_us = 0;       // the time that policy sees: of the start, or of the approval
  std::int64_t start_ns = 0;         // monotonic
  std::int64_t reserved_bytes = -1;  // -1: nothing is reserved
  std::unique_ptr<policy::Reservation> charged;                    // what the policy's limits count; null: nothing
  bool transformed = false;                                        // arguments are as an obligation changed them
  std::int64_t bytes = 0;                                          // handlers: octets moved, for outcome and quota
  std::int64_t exit_status = -1;                                   // handlers: of a process that ran
  recorder::OutcomeStatus outcome = recorder::OutcomeStatus::kOk;  // handlers may refine an error's kind
  std::string reply_json;
  json::Object denial;

  Status status;
  bool counted_in_flight = false;
  // Wire form: called exactly once, last; may destroy the context.
  std::function<void(CallContext&)> done;
  // In-process form, made at the first park: the caller's thread waits here. Outlives the context.
  std::shared_ptr<std::atomic<int>> latch;

  CallContext(Monitor& monitor_in, Caller caller_in) : monitor(monitor_in), caller(std::move(caller_in)) {}
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  Agent& agent() { return *caller.agent; }
  // Parks the call: the handler returns kLater and finishes through the returned object.
  std::shared_ptr<Parked> park(std::function<void()> on_cancel = {});
  // The newest park, for cancel() from another thread; null when there is none.
  std::shared_ptr<Parked> current_park();

 private:
  std::mutex park_mutex_;
  std::shared_ptr<Parked> parked_;
};

}  // namespace agentos::kernel
