// What a decision asks for beside its verdict: limits charged and settled, arguments changed, labels added, the past
// noted. No policy in here: which of these there are is the decision's to say.
#include <algorithm>

#include "kernel/admission.h"
#include "kernel/monitor.h"
#include "lib/policy/expression.h"
#include "lib/policy/request_view.h"

namespace agentos::kernel {

policy::Decision Monitor::decide_for(CallContext& context) {
  if (context.caller.agent == nullptr) {
    policy::Decision decision;
    decision.verdict = policy::Verdict::kAllow;
    decision.rule = "operator";
    return decision;
  }
  const PolicyInForce& in_force = *context.in_force;
  if (in_force.program->needs_past()) {
    context.past.emplace(in_force, policy, context.agent().family->run(), context.decided_us, context.bytes,
                         context.under_way ? AgentPast::Limits::kCounted : AgentPast::Limits::kAsked);
  }
  return in_force.program->decide(policy_request(context));
}

// The changed arguments are decoded and decided like any others, once: what an obligation of that decision would
// change is left.
Status Monitor::transform_arguments(CallContext& context) {
  if (!has(context.decision.obligations, policy::Obligation::kTransform) || context.transformed) return {};
  json::Value params = TRY(json::parse(context.arguments, {.bytes_max = 4 << 20, .depth_max = 64}));
  json::Value* target = &params;
  if (context.row->call == abi::Call::kExec) target = params.as_object().find("arguments");
  if (target == nullptr || !target->is_object()) {
    return fail(abi::error::invalid_argument, "the call has no arguments that policy could change");
  }
  const policy::Request request = policy_request(context);
  policy::RequestView view(request);
  for (std::uint8_t i = 0; i < context.decision.details_count; ++i) {
    for (const policy::Assignment& assignment : context.decision.details[i]->transforms) {
      auto value = assignment.value->value(view);
      if (!value) {
        return fail(abi::error::denied, "policy cannot change argument \"" + assignment.member +
                                            "\" of this call: " + value.error().message);
      }
      target->as_object()[assignment.member] = std::move(*value);
    }
  }
  auto changed = context.row->request.make();
  TRY(context.row->request.decode(params, changed.get()));
  context.request_owner = std::move(changed);
  context.request = context.request_owner.get();
  context.arguments.clear();
  context.row->request.encode(context.request, context.arguments);
  context.facts = Facts();
  context.findings.forget();
  TRY(gather_facts(context));
  context.transformed = true;
  const policy::Decision first = context.decision;
  context.decision = decide_for(context);
  if (context.decision.verdict == policy::Verdict::kAsk) {
    context.decision = first;
    context.decision.verdict = policy::Verdict::kDeny;
    context.decision.reason = "denied: the arguments as policy changed them would have to be asked for";
  }
  if (context.decision.verdict == policy::Verdict::kAllow && !context.facts.schema_problem.empty()) {
    return fail(abi::error::invalid_argument, context.facts.schema_problem);
  }
  return {};
}

bool Monitor::charge_limits(CallContext& context) {
  const policy::Request request = policy_request(context);
  std::array<policy::Charge, policy::kLimitsMatchedMax> charges;
  const std::size_t count = context.decision.limits_count;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t limit = context.decision.limits[i];
    charges[i] = {limit, context.in_force->program->subject_of(limit, request),
                  units_before(context.in_force->meters->spec(limit).measure, context.bytes)};
  }
  auto reserved = context.in_force->meters->reserve(std::span(charges).first(count), context.decided_us);
  if (reserved) {
    context.charged = std::make_unique<policy::Reservation>(std::move(*reserved));
    return true;
  }
  // Used up by another call in between.
  const policy::LimitSpec& spec = context.in_force->meters->spec(reserved.error().limit);
  context.decision.verdict = policy::Verdict::kDeny;
  context.decision.rule = spec.id;
  context.decision.reason = "denied: the limit is used up";
  context.decision.message = "A limit on calls like this one is used up; try again later.";
  return false;
}

void Monitor::settle_limits(CallContext& context) {
  policy::Actual actual;
  actual[policy::Measure::kBytes] = context.bytes;
  actual[policy::Measure::kTime] = std::max<std::int64_t>(0, (clock.monotonic_ns() - context.start_ns) / 1000);
  context.charged->settle(actual, clock.wall_us());
  context.charged.reset();
}

// Names that are no tool's are not counted: an agent could use up the room there is for names.
bool Monitor::note_allowed(CallContext& context) {
  const std::string_view tool = context.facts.tool_entry == nullptr ? std::string_view() : context.facts.tool;
  if (policy.histories().count_allowed(context.agent().family->run(), context.row->name, tool)) return true;
  context.decision.verdict = policy::Verdict::kDeny;
  context.decision.rule = "history";
  context.decision.reason = "denied: the run has used more names of tools than can be counted";
  context.decision.message = "This run has used too many different tools.";
  return false;
}

std::vector<policy::Match> Monitor::steps_of(CallContext& context) const {
  std::vector<policy::Match> matches;
  if (context.in_force->sequences == nullptr) return matches;
  context.in_force->program->events(policy_request(context),
                                    [&](std::uint32_t sequence, std::uint32_t steps, bool until) {
                                      matches.push_back({sequence, static_cast<std::uint8_t>(steps), until});
                                    });
  return matches;
}

// Before the call acts: its steps count as begun. What ends a sequence must have succeeded.
void Monitor::note_attempted(CallContext& context) {
  std::vector<policy::Match> matches = steps_of(context);
  for (policy::Match& match : matches) match.until = false;
  if (matches.empty()) return;
  (void)policy.attempts().advance(context.agent().family->run(), *context.in_force->attempts, matches, clock.wall_us());
}

void Monitor::note_completed(CallContext& context) {
  std::vector<policy::Match> matches = steps_of(context);
  if (matches.empty()) return;
  const std::string& run = context.agent().family->run();
  (void)policy.histories().advance(run, *context.in_force->sequences, matches, clock.wall_us());
  std::erase_if(matches, [](const policy::Match& match) { return !match.until; });
  if (!matches.empty()) {
    (void)policy.attempts().advance(run, *context.in_force->attempts, matches, clock.wall_us());
  }
}

}  // namespace agentos::kernel
