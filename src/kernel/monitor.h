// The reference monitor's parts, wired together. Everything in kernel/ works on this; nothing outside sees it.
//
// The functions are grouped by the file that holds them: dispatch.cc (the one road), refusals.cc, approvals.cc,
// lifecycle.cc (agents begin and end), signals.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json/value.h"
#include "base/random.h"
#include "kernel/agent.h"
#include "kernel/agent_table.h"
#include "kernel/call_context.h"
#include "kernel/egress.h"
#include "kernel/kernel.h"
#include "kernel/mcp_servers.h"
#include "kernel/metrics.h"
#include "kernel/policy_bundles.h"
#include "kernel/policy_store.h"
#include "kernel/reactor.h"
#include "kernel/regions.h"
#include "lib/canonical/sql_facts.h"
#include "lib/recorder/recorder.h"
#include "lib/sandbox/launcher.h"
#include "lib/tool/registry.h"

namespace agentos::kernel {

inline constexpr std::size_t kApprovalsMax = 1024;      // calls parked for an approval at once
inline constexpr std::int64_t kRefusalsPerSecond = 50;  // entries about one agent's refusals; the rest are counts
inline constexpr std::size_t kPreviewBytesMax = 512;

// Whether all the signal does by default is stop or end an agent.
bool only_stops(const abi::SignalInfo& signal);

// A parked call that waits for an operator. Bound to the exact arguments, the policy epoch and a nonce (its id).
struct Approval {
  std::string id;
  std::shared_ptr<Agent> agent;
  std::shared_ptr<Parked> parked;
  std::string call, tool, digest, rule, preview;
  std::vector<std::vector<std::string>> approvers;  // users of whom each list must have the one; empty: any operator
  std::uint64_t policy_epoch = 0;
  std::int64_t asked_us = 0, expires_us = 0;
  Reactor::TimerId timer = 0;
};

// What a new agent is to be.
struct AgentSpec {
  std::string id, name;
  std::shared_ptr<Agent> parent;
  AgentKind kind = AgentKind::kContext;
  abi::Rights rights = 0;
  abi::Budget budget;
  Sources sources;
  std::vector<std::string> labels;
  std::uint64_t bound_session = 0;
};

class Monitor {
 public:
  Monitor(KernelOptions options_in, Clock& clock_in, Random& random_in);
  ~Monitor();

  // dispatch.cc: the thirteen steps.
  void dispatch(CallContext& context);
  void resume(CallContext& context, Status acted);  // a parked handler finished: steps 11 to 13
  // Steps 2 to 7 of `row` for an agent, without effect: what the call itself would be told.
  struct Preview {
    bool allowed = false;
    std::string verdict, rule, reason;
    std::uint64_t epoch = 0;
    json::Value explanation;
  };
  // Whether what was let through may go on under the policy now in force; what would be asked for was.
  bool may_go_on(const std::shared_ptr<Agent>& agent, const abi::Row& row, const json::Value& arguments);
  Result<Preview> preview(const std::shared_ptr<Agent>& agent, const abi::Row& row, const json::Value& arguments,
                          const json::Value* explain);

  // Fails the parked call with timed_out after `timeout_ms`; the timer goes when the call is finished. `undo` runs then
  // too.
  void set_deadline(const std::shared_ptr<Parked>& parked, std::optional<std::int64_t> timeout_ms, std::string message,
                    std::function<void()> undo = {});

  // refusals.cc
  void record_refusal(CallContext& context, std::string_view step, const Error& error);
  // `tool_kind`: the tool that tells this refusal from others when they are counted.
  void record_refusal(Agent* agent, std::string_view call, std::string_view tool, std::string_view tool_kind,
                      std::string_view step, std::string_view rule, const Error& error, std::uint64_t epoch,
                      std::string_view arguments);
  void flush_refusals(Agent& agent);

  // approvals.cc
  void ask(CallContext& context);
  // The parked call's first intent gets its outcome: ok when granted (the call's own follow), cancelled when not.
  void close_ask(CallContext& context, recorder::OutcomeStatus status);
  // `operator_uid`: who answers; nothing: the kernel itself.
  Status approve(std::string_view approval, bool granted, std::string_view digest, std::string_view reason,
                 std::optional<std::uint32_t> operator_uid);
  std::vector<abi::ApprovalEntry> approvals() const;
  // An approved connect by name goes on as the request that `params` are: the same, with addresses.
  void go_on_with(CallContext& context, const json::Value& params);

  // lifecycle.cc
  Result<std::shared_ptr<Agent>> make_agent(AgentSpec spec);
  // Starts the agent's program; `started` gets the launcher's word. The agent's socket goes to the adopter.
  void start_process(std::shared_ptr<Agent> agent, sandbox::LaunchRequest request,
                     std::function<void(Result<sandbox::Started>)> started);
  void record_blocked(const Agent& agent, const sandbox::Blocked& blocked);
  Status give_network(const std::shared_ptr<Agent>& agent, sandbox::LaunchRequest& request);
  void begin_running(Agent& agent, const json::Object& detail);
  void end_agent(const std::shared_ptr<Agent>& agent, std::string_view cause, std::int64_t code);  // kill now
  void terminate_agent(const std::shared_ptr<Agent>& agent, std::string_view cause,
                       std::string_view reason);                            // with grace
  void finish_agent(const std::shared_ptr<Agent>& agent, ExitRecord exit);  // nothing of it is left
  void stop_agent(const std::shared_ptr<Agent>& agent);
  void resume_agent(const std::shared_ptr<Agent>& agent);
  std::int64_t freeze_all(std::string_view reason);
  std::int64_t thaw_all(std::string_view reason);
  std::shared_ptr<abi::Session> open_session(const std::shared_ptr<Agent>& agent);
  void session_closed(const std::shared_ptr<Agent>& agent, std::uint64_t session);
  void operator_closed(std::uint64_t session);
  // The kernel's own documents for every agent, all of them or none; what is signed is verified first.
  Result<std::vector<PolicyBundles::Taken>> load_policy(std::vector<policy::Source> documents);

  // signals.cc
  Result<abi::SignalReply> send_signal(std::string_view sender, const std::shared_ptr<Agent>& target,
                                       const abi::SignalInfo& signal, std::string_view reason);
  void deliver_pending(const std::shared_ptr<Agent>& agent);
  json::Object describe(const Agent& agent) const;  // for inspect, diagnostics and checkpoints

  Status record_event(std::string_view name, const Agent* agent, const json::Object& detail);
  std::vector<policy::Vocabulary::Tool> typed_tools() const;  // for compiling policies
  bool gate_open(Error& why) const;                           // kernel state: may governed calls be carried out
  std::uint64_t next_session() { return ++session_counter_; }

  KernelOptions options;
  Clock& clock;
  Random& random;
  std::unique_ptr<recorder::Recorder> recorder;
  tool::Registry tools;
  tool::HostExecutors host_executors;
  std::unique_ptr<canonical::SqlParser> sql;  // null: policy cannot read SQL
  PolicyStore policy;
  PolicyBundles bundles;
  McpServers mcp;
  std::shared_mutex reload_mutex;  // held by who makes an agent, and alone by a reload
  AgentTable agents;
  Regions regions;
  Metrics metrics;
  std::atomic<KernelState> state{KernelState::kBooting};
  std::atomic<bool> frozen{false};
  std::atomic<abi::ConnectionAdopter*> adopter{nullptr};
  std::atomic<abi::McpAdopter*> mcp_adopter{nullptr};
  std::function<void(std::string)> shutdown_requested;
  std::string panic_reason;
  std::unique_ptr<Egress> egress;  // null: no agent can have a network
  Reactor reactor;                 // last: its thread ends first

 private:
  void step_from_gate(CallContext& context);
  void go_on_with_approval(CallContext& context);
  Status admit(CallContext& context);
  Status decode(CallContext& context);
  void decide(CallContext& context);
  Status write_intent(CallContext& context, recorder::Verdict verdict);
  static Status check_reach(const CallContext& context);  // egress_rules.cc
  void deny(CallContext& context);
  void act(CallContext& context);

  // governance.cc: what a decision asks for beside its verdict.
  policy::Decision decide_for(CallContext& context);
  Status transform_arguments(CallContext& context);  // may decide anew, and differently
  bool charge_limits(CallContext& context);          // false: another call was quicker; the decision says so
  void settle_limits(CallContext& context);
  bool note_allowed(CallContext& context);  // false: it cannot be counted, and the decision says so
  void note_attempted(CallContext& context);
  std::vector<policy::Match> steps_of(CallContext& context) const;
  void note_completed(CallContext& context);

  // results.cc, step 11: what the call ends with after its result was labelled, redacted or withheld.
  Status govern_result(CallContext& context);
  Status govern_reply(CallContext& context);
  Status govern_error(CallContext& context);
  policy::Decision decide_result(CallContext& context, const policy::ResultFacts& facts);
  static Status withhold(CallContext& context, std::string_view rule, std::string_view message);

  void finish(CallContext& context);
  void refuse(CallContext& context, std::string_view step, Error error);
  void answer(CallContext& context);
  void carry_out_refusal_obligations(CallContext& context);

  std::atomic<std::uint64_t> session_counter_{0};
  mutable std::mutex approvals_mutex_;
  std::map<std::string, Approval, std::less<>> approvals_;
};

}  // namespace agentos::kernel
