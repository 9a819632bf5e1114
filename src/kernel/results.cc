// Step 11: what policy says about the result of a call, an error as much as a reply: handed over, redacted, withheld.
//
// Rules see and redact octets as what they are, not as the base64 that carries what is no text.
#include <map>

#include "base/crypto/hash.h"
#include "kernel/admission.h"
#include "kernel/monitor.h"
#include "lib/policy/redaction.h"

namespace agentos::kernel {
namespace {

constexpr std::string_view kBase64 = "base64";
constexpr json::ParseLimits kReplyLimits{.bytes_max = 4 << 20, .depth_max = 64};

using Octets = std::map<std::string, std::string, std::less<>>;  // by the member of the reply that holds them

// Takes the octets of `reply` that travel as base64 out of it; what stands in their place is null.
Octets take_octets(const abi::Row& row, json::Value& reply) {
  Octets octets;
  for (const abi::FieldInfo& field : row.reply.info->fields) {
    json::Value* member = field.type == abi::Type::kBytes ? reply.as_object().find(field.name) : nullptr;
    if (member == nullptr || !member->is_object()) continue;
    auto decoded = crypto::from_base64(member->string_or(kBase64, ""));
    if (!decoded) continue;
    octets.emplace(field.name, std::move(*decoded));
    *member = nullptr;
  }
  return octets;
}

std::size_t redact(const policy::Decision& decision, json::Value& reply, Octets& octets) {
  std::size_t replaced = 0;
  for (std::uint8_t i = 0; i < decision.details_count; ++i) {
    for (const auto& redaction : decision.details[i]->redactions) {
      replaced += redaction->apply(reply);
      for (auto& [name, text] : octets) replaced += redaction->apply(text);
    }
  }
  return replaced;
}

}  // namespace

Status Monitor::withhold(CallContext& context, std::string_view rule, std::string_view message) {
  context.denial["rule"] = rule;
  context.denial["step"] = "result";
  context.denial.erase("rpc");
  context.reply_json.clear();
  context.descriptors_out.clear();
  context.row->reply.assign(context.row->reply.make().get(), context.reply);
  return fail(abi::error::denied, message.empty() ? "policy withholds the result of this call" : std::string(message),
              "the call was carried out");
}

policy::Decision Monitor::decide_result(CallContext& context, const policy::ResultFacts& facts) {
  policy::Request request = policy_request(context);
  const ResultFindings findings(facts);
  request.phase = policy::Phase::kResult;
  request.result = &facts;
  request.findings = &findings;
  const policy::Decision decision = context.in_force->program->decide(request);
  if (decision.verdict == policy::Verdict::kAllow) add_labels(context.agent(), decision);
  return decision;
}

Status Monitor::govern_error(CallContext& context) {
  Error error = context.status.error();
  policy::ResultFacts facts;
  facts.text = error.message;
  facts.size_bytes = static_cast<std::int64_t>(error.message.size());
  facts.is_error = true;
  const policy::Decision decision = decide_result(context, facts);
  if (decision.verdict != policy::Verdict::kAllow) return withhold(context, decision.rule, decision.message);
  if (!has(decision.obligations, policy::Obligation::kRedact)) return context.status;
  for (std::uint8_t i = 0; i < decision.details_count; ++i) {
    for (const auto& redaction : decision.details[i]->redactions) {
      redaction->apply(error.message);
      redaction->apply(error.hint);
      if (json::Value* told = context.denial.find("rpc"); told != nullptr) redaction->apply(*told);
    }
  }
  return std::unexpected(std::move(error));
}

Status Monitor::govern_reply(CallContext& context) {
  json::Value reply = TRY(json::parse(context.reply_json, kReplyLimits));
  Octets octets = take_octets(*context.row, reply);
  json::Value shown = reply;
  for (const auto& [name, text] : octets) shown.as_object()[name] = json::to_valid_utf8(text);
  policy::ResultFacts facts;
  facts.value = &shown;
  if (const json::Value* own = shown.find("result"); own != nullptr) facts.value = own;
  std::string text;
  facts.text = facts.value->is_string() ? std::string_view(facts.value->as_string())
                                        : std::string_view(text = json::write(*facts.value));
  facts.size_bytes = static_cast<std::int64_t>(context.reply_json.size());
  const policy::Decision decision = decide_result(context, facts);
  if (decision.verdict != policy::Verdict::kAllow) return withhold(context, decision.rule, decision.message);
  if (!has(decision.obligations, policy::Obligation::kRedact)) return {};
  if (redact(decision, reply, octets) == 0) return {};
  for (const auto& [name, kept] : octets) {
    json::Value& member = reply.as_object()[name];
    if (member.is_null()) member = json::Object{{std::string(kBase64), crypto::base64(kept)}};
  }
  auto fresh = context.row->reply.make();
  if (!context.row->reply.decode(reply, fresh.get())) {
    return withhold(context, decision.rule, "policy redacts what this result cannot be without, so it is withheld");
  }
  context.row->reply.assign(fresh.get(), context.reply);
  context.reply_json.clear();
  context.row->reply.encode(context.reply, context.reply_json);
  return {};
}

std::optional<json::Value> Monitor::govern_told(const std::shared_ptr<Agent>& agent, const std::string& server,
                                                std::string_view method, json::Value params) {
  CallContext context(*this, Caller{agent});
  {
    std::lock_guard lock(agent->mutex);
    context.in_force = agent->in_force;
  }
  const policy::Program& program = *context.in_force->program;
  if (!program.decides(policy::Phase::kResult)) return params;
  context.row = &abi::row_of(abi::Call::kMcpRequest);
  context.params = json::Object{{"server", server}, {"method", method}};
  context.start_us = context.decided_us = clock.wall_us();
  context.flow = agent->family->labels();
  if (!decode(context)) return std::nullopt;
  if (program.needs_past())
    context.past.emplace(*context.in_force, policy, agent->family->run(), context.decided_us, CallUnits{},
                         AgentPast::Tool::kKnown, AgentPast::Limits::kCounted);
  const std::string text = json::write(params);
  policy::ResultFacts facts;
  facts.value = &params;
  facts.text = text;
  facts.size_bytes = static_cast<std::int64_t>(text.size());
  const ResultFindings findings(facts);
  policy::Request asked = policy_request(context);
  asked.phase = policy::Phase::kResult;
  asked.result = &facts;
  asked.findings = &findings;
  json::Value shown = params;
  Octets none;
  const auto passes = [&] {
    const policy::Decision decision = program.decide(asked);
    if (decision.verdict != policy::Verdict::kAllow) return false;
    if (has(decision.obligations, policy::Obligation::kRedact)) (void)redact(decision, shown, none);
    return true;
  };
  if (!passes()) return std::nullopt;
  const abi::Row& exec = abi::row_of(abi::Call::kExec);
  asked.call = exec.number;
  asked.call_name = exec.name;
  const auto tools = tools_of(context)->all();
  for (const auto& tool : *tools) {
    if (tool->manifest.server != server) continue;
    const policy::ToolFacts about = tool_facts(*tool);
    asked.tool = tool->manifest.name;
    asked.tool_facts = &about;
    if (!passes()) return std::nullopt;
  }
  return shown;
}

Status Monitor::govern_result(CallContext& context) {
  return context.status ? govern_reply(context) : govern_error(context);
}

}  // namespace agentos::kernel
