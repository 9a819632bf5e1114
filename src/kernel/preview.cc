// What a call would be told, without making it: steps 2 to 7 without effect.
#include "kernel/admission.h"
#include "kernel/monitor.h"

namespace agentos::kernel {

bool Monitor::may_go_on(const std::shared_ptr<Agent>& agent, const abi::Row& row, const json::Value& arguments) {
  CallContext context(*this, Caller{agent, 0, 0, Maker::kEgress});
  context.row = &row;
  context.params = arguments;
  context.under_way = true;
  context.start_us = context.decided_us = clock.wall_us();
  {
    std::lock_guard lock(agent->mutex);
    context.in_force = agent->in_force;
  }
  context.flow = agent->family->labels();
  if (!decode(context)) return false;
  context.decision = decide_for(context);
  return context.decision.verdict != policy::Verdict::kDeny;
}

Result<Monitor::Preview> Monitor::preview(const std::shared_ptr<Agent>& agent, const abi::Row& row,
                                          const json::Value& arguments, const json::Value* explain) {
  const Maker maker = row.subject == abi::Subject::kernel ? Maker::kEgress : Maker::kItself;
  CallContext context(*this, Caller{agent, 0, 0, maker});
  context.row = &row;
  context.params = arguments;
  context.start_us = context.decided_us = clock.wall_us();
  Preview out;
  const auto refused = [&](std::string_view by, const Error& error) {
    out.verdict = "deny";
    out.rule = by;
    out.reason = error.message;
    out.epoch = policy.epoch();
    return out;
  };
  {
    std::lock_guard lock(agent->mutex);
    context.in_force = agent->in_force;
  }
  context.flow = agent->family->labels();
  if (Status status = decode(context); !status) return refused("arguments", status.error());
  if (!subject_may(row, context.caller) || (agent->rights & row.right) == 0) {
    return refused("rights", Error{abi::error::not_permitted,
                                   "the agent does not hold the right \"" + std::string(row.right_name) + "\"",
                                   {}});
  }
  if (agent->quota->available(Quota::kCalls) < 1 || agent->quota->available(Quota::kBytes) < context.bytes) {
    return refused("quota", Error{abi::error::quota_exceeded, "the agent's budget is used up", {}});
  }
  context.decision = decide_for(context);
  if (context.decision.verdict != policy::Verdict::kDeny && !context.facts.schema_problem.empty()) {
    return refused("arguments", Error{abi::error::invalid_argument, context.facts.schema_problem, {}});
  }
  out.allowed = context.decision.verdict == policy::Verdict::kAllow;
  out.verdict = recorder::name_of(static_cast<recorder::Verdict>(context.decision.verdict));
  out.rule = context.decision.rule;
  out.reason = explain != nullptr ? std::string(context.decision.reason) : told(context.decision);
  out.epoch = context.decision.epoch;
  if (explain != nullptr) out.explanation = context.in_force->program->explain(policy_request(context));
  return out;
}

}  // namespace agentos::kernel
