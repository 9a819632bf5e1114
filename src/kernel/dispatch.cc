// The one road: every call of every door takes these steps in this order. LIFE_OF_A_CALL.md walks through them.
//
//   1 identify (the session did)  2 state gate  3 decode  4 rights  5 reserve  6 scan  7 decide  8 intent
//   9 ask  10 act  11 result  12 outcome  13 reply
#include "kernel/dispatch.h"

#include "abi/rpc.h"
#include "kernel/admission.h"
#include "kernel/egress_rules.h"
#include "kernel/monitor.h"
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel {
namespace {

#define ERRORS(...)
#define CALL(number, name, structure, subject, right, effect, waits, support, errors, summary)           \
  Acted run_##name(CallContext& context) {                                                               \
    return syscalls::name##_call(context, *static_cast<const abi::structure##Request*>(context.request), \
                                 *static_cast<abi::structure##Reply*>(context.reply));                   \
  }
#include "abi/syscalls.def"
#undef CALL

// One of a thread: an entry is made and appended without letting go of the thread.
guard::PreviewRoom& preview_room() {
  thread_local guard::PreviewRoom room;
  return room;
}

constexpr std::size_t kResultBytesMax = abi::rpc::kReplyBytesMax;  // a reply must fit in a line with its frame

recorder::Effect recorded(abi::Effect effect) { return static_cast<recorder::Effect>(effect); }

bool waits_for_disk(const Monitor& monitor, const abi::Row& row) {
  const recorder::Mode mode = monitor.recorder->mode();
  return mode == recorder::Mode::kAlways || (mode == recorder::Mode::kEffects && row.effect == abi::Effect::external);
}

recorder::OutcomeStatus outcome_of(const CallContext& context) {
  if (context.status) return recorder::OutcomeStatus::kOk;
  if (context.outcome != recorder::OutcomeStatus::kOk) return context.outcome;
  if (context.status.error().code == abi::error::timed_out) return recorder::OutcomeStatus::kTimeout;
  if (context.status.error().code == abi::error::cancelled) return recorder::OutcomeStatus::kCancelled;
  if (context.status.error().code == abi::error::terminated) return recorder::OutcomeStatus::kKilled;
  return recorder::OutcomeStatus::kError;
}

// Operators can look at, and stop, a kernel that panicked or whose recorder fails, and stop agents; nothing else passes
// then. Before the request is decoded it is enough that the call can stop.
bool looks_or_stops(const CallContext& context) {
  if (context.row == nullptr || context.caller.agent != nullptr) return false;
  if (context.row->effect == abi::Effect::none || context.row->call == abi::Call::kShutdown) return true;
  if (context.row->call == abi::Call::kFreeze) {
    return context.request == nullptr || static_cast<const abi::FreezeRequest*>(context.request)->frozen;
  }
  if (context.row->call != abi::Call::kSignal) return false;
  if (context.request == nullptr) return true;
  const abi::SignalInfo* signal = abi::find_signal(static_cast<const abi::SignalRequest*>(context.request)->signal);
  return signal != nullptr && only_stops(*signal);
}

}  // namespace

HandlerFunction handler_of(const abi::Row& row) {
  switch (row.call) {
#define CALL(number, name, structure, subject, right, effect, waits, support, errors, summary) \
  case abi::Call::k##structure:                                                                \
    return run_##name;
#include "abi/syscalls.def"
#undef CALL
#undef ERRORS
  }
  return nullptr;
}

void Monitor::dispatch(CallContext& context) {
  metrics.syscall_count.fetch_add(1, std::memory_order_relaxed);
  const Moment now = clock.now();
  context.start_us = now.wall_us;
  context.start_ns = now.monotonic_ns;
  if (context.caller.agent != nullptr) context.agent().calls.fetch_add(1, std::memory_order_relaxed);
  context.decided_us = context.start_us;
  step_from_gate(context);
}

// Steps 2 to 10; a call with its approval comes here a second time.
void Monitor::step_from_gate(CallContext& context) {
  if (Status status = admit(context); !status) return refuse(context, "state", status.error());
  if (Status status = decode(context); !status) return refuse(context, "decode", status.error());
  if (!subject_may(*context.row, context.caller)) {
    return refuse(
        context, "rights",
        Error{abi::error::not_permitted, std::string(context.row->name) + " is not a call this connection may make",
              context.row->subject == abi::Subject::operator_ ? "operators make it" : ""});
  }
  const abi::Rights held = context.caller.agent != nullptr ? context.agent().rights : abi::default_rights(2);
  if ((held & context.row->right) == 0) {
    return refuse(context, "rights",
                  Error{abi::error::not_permitted,
                        "the caller does not hold the right \"" + std::string(context.row->right_name) + "\"",
                        {}});
  }
  if (context.caller.agent != nullptr && context.reserved_bytes < 0) {
    const auto bytes = static_cast<std::int64_t>(context.bytes);
    if (Status status = context.agent().quota->reserve(bytes); !status) return refuse(context, "quota", status.error());
    context.reserved_bytes = bytes;
  }
  decide(context);
  if (context.decision.verdict == policy::Verdict::kDeny) return deny(context);
  if (context.row->call == abi::Call::kConnect) {
    if (Status status = check_reach(context); !status) return refuse(context, "address", status.error());
  }
  if (!context.facts.schema_problem.empty()) {
    return refuse(context, "decode",
                  Error{abi::error::invalid_argument, context.facts.schema_problem,
                        "agentos tool ls --format json shows the schema"});
  }
  if (context.decision.verdict == policy::Verdict::kAsk) {
    if (Status status = write_intent(context, recorder::Verdict::kAsk); !status)
      return refuse(context, "record", status.error());
    return ask(context);
  }
  if (context.decision.details_count != 0) {
    if (Status status = transform_arguments(context); !status) return refuse(context, "decode", status.error());
    if (context.decision.verdict == policy::Verdict::kDeny) return deny(context);
  }
  if (context.decision.limits_count != 0 && !charge_limits(context)) return deny(context);
  if (context.past && !note_allowed(context)) return deny(context);
  if (context.caller.agent != nullptr) add_labels(context.agent(), context.decision);
  if (Status status = write_intent(context, recorder::Verdict::kAllow); !status)
    return refuse(context, "record", status.error());
  if (context.past) note_attempted(context);
  if (!waits_for_disk(*this, *context.row) || context.intent == recorder::kNoIndex) return act(context);
  if (!context.wire) {
    if (Status status = recorder->wait_durable(context.intent); !status && !looks_or_stops(context))
      return refuse(context, "record", status.error());
    return act(context);
  }
  recorder->when_durable(context.intent, [this, &context](Status status) {
    reactor.post([this, &context, status] {
      if (!status && !looks_or_stops(context)) return refuse(context, "record", status.error());
      act(context);
    });
  });
}

void Monitor::deny(CallContext& context) {
  metrics.policy_violations.fetch_add(context.in_force != nullptr && context.in_force->program->is_none() ? 0 : 1,
                                      std::memory_order_relaxed);
  context.denial["rule"] = context.decision.rule;
  std::string reason(context.decision.reason);
  if (!context.decision.failure.empty()) reason += ": " + context.decision.failure;
  if (context.caller.maker == Maker::kEgress) reason += "; allowed by: " + allowing_rule(context);
  refuse(context, "policy", Error{abi::error::denied, std::move(reason), {}});
}

Status Monitor::admit(CallContext& context) {
  Error why;
  const bool may_pass = looks_or_stops(context) && state.load() != KernelState::kShutdown;
  if (!gate_open(why) && !may_pass) return std::unexpected(std::move(why));
  if (context.caller.agent == nullptr) return {};
  Agent& agent = context.agent();
  std::lock_guard lock(agent.mutex);
  switch (agent.state) {
    case AgentState::kEnded:
    case AgentState::kEnding:
      return fail(abi::error::terminated, "no such agent: " + agent.id + " has ended");
    case AgentState::kStopped:
      return fail(abi::error::stopped, agent.id + " is stopped", "SIGCONT lets it go on: agentos cont " + agent.id);
    default:
      break;
  }
  if (agent.pausing) return fail(abi::error::stopped, agent.id + " is about to stop", "SIGCONT lets it go on");
  context.in_force = agent.in_force;
  context.flow = agent.family->labels();
  // A connection may last for hours; a stop does not wait for it.
  if (!context.counted_in_flight && context.caller.maker == Maker::kItself) {
    agent.calls_in_flight.fetch_add(1, std::memory_order_relaxed);
    context.counted_in_flight = true;
  }
  return {};
}

// The request as a struct, its canonical encoding, and the facts policy will see.
Status Monitor::decode(CallContext& context) {
  if (context.row == nullptr) {
    return fail(abi::error::unknown_call,
                "unknown call \"" + json::to_valid_utf8(std::string_view(context.method).substr(0, 64)) + "\"",
                "agentos syscalls lists them");
  }
  if (context.reply == nullptr) {
    context.reply_owner = context.row->reply.make();
    context.reply = context.reply_owner.get();
  }
  if (context.request == nullptr) {
    auto request = context.row->request.make();
    TRY(context.row->request.decode(context.params, request.get()));
    context.request_owner = std::move(request);
    context.request = context.request_owner.get();
    context.params = {};
  }
  if (context.arguments.empty()) context.row->request.encode(context.request, context.arguments);
  if (context.row->call == abi::Call::kWrite) {
    context.bytes = static_cast<std::int64_t>(static_cast<const abi::WriteRequest*>(context.request)->data.size());
  } else if (context.row->call == abi::Call::kSend) {
    context.bytes = static_cast<std::int64_t>(static_cast<const abi::SendRequest*>(context.request)->data.size());
  } else if (context.row->call == abi::Call::kCheckpointSave) {
    context.bytes = static_cast<std::int64_t>(context.arguments.size());  // a little more than the document alone
  }
  return gather_facts(context);
}

void Monitor::decide(CallContext& context) {
  context.decision = decide_for(context);
  if (context.caller.agent != nullptr) metrics.policy_checks.fetch_add(1, std::memory_order_relaxed);
  // An approval of this epoch answers an ask; after a reload, or when the same arguments stand for something else by
  // now, the call is asked for anew.
  if (context.decision.verdict != policy::Verdict::kAsk || context.approval.empty()) return;
  if (context.approval_epoch == context.decision.epoch && context.asked_about == stands_for(context)) {
    context.decision.verdict = policy::Verdict::kAllow;
  } else {
    context.approval.clear();
  }
}

Status Monitor::write_intent(CallContext& context, recorder::Verdict verdict) {
  recorder::Intent entry;
  std::string operator_name;
  if (const Agent* agent = context.caller.agent.get()) {
    entry.agent = agent->id;
    entry.run = agent->run;
    entry.parent = agent->parent_id;
  } else {
    operator_name = "operator:" + std::to_string(context.caller.operator_uid);
    entry.agent = operator_name;
  }
  entry.call = context.row->name;
  entry.tool = context.facts.tool;
  entry.effect = recorded(context.row->effect);
  entry.verdict = verdict;
  entry.rule = context.decision.rule;
  entry.policy_epoch = context.decision.epoch;
  entry.approval = context.approval;
  entry.time_us = context.start_us;
  entry.arguments.text = recorded_content(context.arguments, options.content, preview_room());
  auto index = recorder->append(entry);
  if (!index) {
    if (looks_or_stops(context)) return {};  // without a record, and with no outcome either
    return fail(abi::error::record_failed, "the flight recorder cannot write: " + index.error().message,
                index.error().hint);
  }
  context.intent = *index;
  context.intent_asks = verdict == recorder::Verdict::kAsk;
  return {};
}

void Monitor::act(CallContext& context) {
  // The agent may have ended, or been stopped, while its intent was on the way to the disk.
  if (context.caller.agent != nullptr && waits_for_disk(*this, *context.row)) {
    std::unique_lock lock(context.agent().mutex);
    const AgentState state = context.agent().state;
    lock.unlock();
    if (state >= AgentState::kEnding) {
      return resume(context, fail(abi::error::terminated, "the agent ended before the call was carried out"));
    }
    if (state == AgentState::kStopped && context.caller.maker == Maker::kItself) {
      return resume(context, fail(abi::error::stopped, "the agent was stopped before the call was carried out",
                                  "SIGCONT lets it go on"));
    }
  }
  const Acted acted = handler_of(*context.row)(context);
  if (acted && *acted == Progress::kLater) return;  // the context may be gone already
  resume(context, acted ? Status{} : Status{std::unexpected(acted.error())});
}

void Monitor::resume(CallContext& context, Status acted) {
  context.status = std::move(acted);
  if (context.status) {
    context.reply_json.clear();
    context.row->reply.encode(context.reply, context.reply_json);
    if (context.reply_json.size() > kResultBytesMax) {
      context.status = fail(abi::error::too_large, "the result is larger than a reply may be", "ask for it in ranges");
    }
  }
  if (context.in_force != nullptr && context.in_force->program->decides(policy::Phase::kResult)) {
    context.status = govern_result(context);
  }
  // What policy withheld has not succeeded: it fulfils no rule that asks what came before.
  if (context.status && context.past) note_completed(context);
  finish(context);
}

// Steps 12 and 13.
void Monitor::finish(CallContext& context) {
  context.intent_asks = false;
  if (context.intent == recorder::kNoIndex) return answer(context);
  const std::int64_t duration_ns = clock.monotonic_ns() - context.start_ns;
  recorder::Outcome entry;
  std::string operator_name;
  if (context.caller.agent != nullptr) {
    entry.agent = context.agent().id;
  } else {
    operator_name = "operator:" + std::to_string(context.caller.operator_uid);
    entry.agent = operator_name;
  }
  entry.intent = context.intent;
  entry.call = context.row->name;
  entry.status = outcome_of(context);
  entry.bytes = context.bytes;
  entry.duration_us = duration_ns / 1000;
  entry.exit_status = context.exit_status;
  entry.time_us = context.start_us + duration_ns / 1000;
  std::string error_text;
  if (context.status) {
    entry.result.text = recorded_content(context.reply_json, options.content, preview_room());
  } else {
    entry.code = static_cast<std::int32_t>(context.status.error().code);
    json::write_string(json::to_valid_utf8(context.status.error().message), error_text);
    entry.result.text = recorded_content(error_text, options.content, preview_room());
  }
  auto index = recorder->append(entry);
  if (!index) {
    context.status = fail(abi::error::record_failed,
                          "the flight recorder cannot write the outcome: " + index.error().message, index.error().hint);
  } else if (recorder->mode() == recorder::Mode::kAlways) {
    if (context.wire) {
      recorder->when_durable(*index, [this, &context](Status status) {
        reactor.post([this, &context, status] {
          if (!status) context.status = fail(abi::error::record_failed, status.error().message);
          answer(context);
        });
      });
      return;
    }
    if (Status status = recorder->wait_durable(*index); !status)
      context.status = fail(abi::error::record_failed, status.error().message);
  }
  metrics.latency(*context.row).record(static_cast<std::uint64_t>(duration_ns > 0 ? duration_ns : 0));
  answer(context);
}

void Monitor::refuse(CallContext& context, std::string_view step, Error error) {
  close_ask(context, recorder::OutcomeStatus::kCancelled);
  if (context.charged != nullptr) context.charged->refund(context.decided_us);
  context.charged.reset();
  record_refusal(context, step, error);
  if (context.reserved_bytes >= 0) {
    context.agent().quota->release(context.reserved_bytes);
    context.reserved_bytes = -1;
  }
  // The record has the operator's sentence; the caller gets the one meant for it, without files and lines of policy.
  if (step == "policy") error.message = told(context.decision);
  context.status = std::unexpected(std::move(error));
  context.denial["step"] = step;
  if (step == "policy") carry_out_refusal_obligations(context);
  answer(context);
}

void Monitor::carry_out_refusal_obligations(CallContext& context) {
  if (context.caller.agent == nullptr || context.decision.obligations == policy::Obligation::kNone) return;
  const std::string reason = "violated " + std::string(context.decision.rule);
  std::shared_ptr<Agent> agent = context.caller.agent;
  if (has(context.decision.obligations, policy::Obligation::kKill) ||
      has(context.decision.obligations, policy::Obligation::kSignal)) {
    (void)send_signal("kernel", agent, abi::signal_info(abi::Signal::kSIGPOLICY), reason);
  }
}

void Monitor::answer(CallContext& context) {
  if (Agent* agent = context.caller.agent.get(); agent != nullptr) {
    if (context.charged != nullptr) settle_limits(context);
    if (context.reserved_bytes >= 0) agent->quota->settle(context.bytes - context.reserved_bytes);
    context.reserved_bytes = -1;
    if (context.counted_in_flight && agent->calls_in_flight.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      bool stop = false;
      {
        std::lock_guard lock(agent->mutex);
        stop = agent->pausing && agent->state == AgentState::kRunning;
      }
      if (stop) reactor.post([this, kept = context.caller.agent] { stop_agent(kept); });
    }
    context.counted_in_flight = false;
  }
  if (context.done) {
    auto done = std::move(context.done);
    done(context);  // the context may be gone after this
  } else if (auto latch = context.latch) {
    latch->store(1, std::memory_order_release);
    latch->notify_all();
  }
}

void Monitor::set_deadline(const std::shared_ptr<Parked>& parked, std::optional<std::int64_t> timeout_ms,
                           std::string message, std::function<void()> undo) {
  Reactor::TimerId timer = 0;
  if (timeout_ms) {
    timer = reactor.after_ms(*timeout_ms, [weak = std::weak_ptr(parked), message = std::move(message)] {
      auto waiting = weak.lock();
      if (waiting == nullptr) return;
      waiting->finish([&](CallContext&) -> Status { return fail(abi::error::timed_out, message); });
    });
  }
  parked->when_finished([this, timer, undo = std::move(undo)] {
    if (timer != 0) reactor.cancel(timer);
    if (undo) undo();
  });
}

}  // namespace agentos::kernel
