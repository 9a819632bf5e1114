// What a decision asks for beside its verdict: limits charged and settled, arguments changed, labels added, the past
// noted, results decided. No policy in here: which of these there are is the decision's to say.
#include <algorithm>

#include "kernel/monitor.h"
#include "lib/policy/expression.h"
#include "lib/policy/redaction.h"
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
    context.past.emplace(in_force, policy.histories(), context.agent().run, clock.wall_us(), context.bytes);
  }
  policy::Decision decision = in_force.program->decide(policy_request(context));
  if (decision.verdict == policy::Verdict::kAllow) add_labels(context.agent(), decision);
  return decision;
}

void Monitor::add_labels(Agent& agent, const policy::Decision& decision) {
  if (!has(decision.obligations, policy::Obligation::kLabel)) return;
  std::lock_guard lock(agent.mutex);
  auto labels = agent.flow == nullptr ? std::vector<std::string>() : *agent.flow;
  const std::size_t before = labels.size();
  for (std::uint8_t i = 0; i < decision.details_count; ++i) {
    for (const std::string& label : decision.details[i]->labels) {
      const auto place = std::ranges::lower_bound(labels, label);
      if (place == labels.end() || *place != label) labels.insert(place, label);
    }
  }
  if (labels.size() != before) agent.flow = std::make_shared<const std::vector<std::string>>(std::move(labels));
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
  auto reserved = context.in_force->meters->reserve(std::span(charges).first(count), context.start_us);
  if (reserved) {
    context.charged = std::make_unique<policy::Reservation>(std::move(*reserved));
    return true;
  }
  // A limit that asks when it is used up was decided so; any other was used up by a call in between.
  const policy::LimitSpec& spec = context.in_force->meters->spec(reserved.error().limit);
  if (!context.approval.empty()) return true;
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

void Monitor::note_allowed(CallContext& context) {
  (void)policy.histories().count_allowed(context.agent().run, context.row->name, context.facts.tool);
}

void Monitor::note_denied(CallContext& context) { (void)policy.histories().count_denied(context.agent().run); }

void Monitor::note_completed(CallContext& context) {
  if (context.in_force->sequences == nullptr) return;
  std::vector<policy::Match> matches;
  context.in_force->program->events(policy_request(context),
                                    [&](std::uint32_t sequence, std::uint32_t steps, bool until) {
                                      matches.push_back({sequence, static_cast<std::uint8_t>(steps), until});
                                    });
  if (matches.empty()) return;
  (void)policy.histories().advance(context.agent().run, *context.in_force->sequences, matches, clock.wall_us());
}

Status Monitor::govern_result(CallContext& context) {
  const auto withheld = [&](std::string_view rule, std::string_view message) {
    context.denial["rule"] = rule;
    context.denial["step"] = "result";
    context.reply_json.clear();
    context.descriptors_out.clear();
    context.row->reply.assign(context.row->reply.make().get(), context.reply);
    return fail(abi::error::denied, message.empty() ? "policy withholds the result of this call" : std::string(message),
                "the call was carried out");
  };
  json::Value reply = TRY(json::parse(context.reply_json, {.bytes_max = 4 << 20, .depth_max = 64}));
  policy::ResultFacts facts;
  facts.value = &reply;
  if (const json::Value* own = reply.find("result"); own != nullptr) facts.value = own;
  std::string text;
  facts.text = facts.value->is_string() ? std::string_view(facts.value->as_string())
                                        : std::string_view(text = json::write(*facts.value));
  facts.size_bytes = static_cast<std::int64_t>(context.reply_json.size());
  policy::Request request = policy_request(context);
  request.phase = policy::Phase::kResult;
  request.result = &facts;
  const policy::Decision decision = context.in_force->program->decide(request);
  if (decision.verdict != policy::Verdict::kAllow) return withheld(decision.rule, decision.message);
  add_labels(context.agent(), decision);
  if (!has(decision.obligations, policy::Obligation::kRedact)) return {};
  json::Value redacted = reply;
  std::size_t replaced = 0;
  for (std::uint8_t i = 0; i < decision.details_count; ++i) {
    for (const auto& redaction : decision.details[i]->redactions) replaced += redaction->apply(redacted);
  }
  if (replaced == 0) return {};
  auto fresh = context.row->reply.make();
  if (!context.row->reply.decode(redacted, fresh.get())) {
    return withheld(decision.rule, "policy redacts what this result cannot be without, so it is withheld");
  }
  context.row->reply.assign(fresh.get(), context.reply);
  context.reply_json = json::write_canonical(redacted);
  return {};
}

}  // namespace agentos::kernel
