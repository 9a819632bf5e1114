// Views of a request; the pool of states is per thread and has more than one only while explanations decide anew.
#include "lib/policy/expression_state.h"

#include <fmt/format.h>

#include <vector>

#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

using cel::Value;

Value text_or_absent(std::string_view text) { return text.empty() ? Value() : Value::string(text); }

const json::Value* fact_of(const Principal& principal, std::string_view name) {
  return principal.facts == nullptr ? nullptr : principal.facts->find(name);
}

// `value` when it has the declared type. Integers are taken for numbers, and 2.0 for an integer.
Value typed(const json::Value& value, const cel::Type& type, std::string_view name, cel::Scratch& scratch) {
  const Value view = Value::json(value);
  bool right = true;
  switch (type.kind()) {
    case cel::TypeKind::kBool:
      right = value.is_bool();
      break;
    case cel::TypeKind::kString:
      right = value.is_string();
      break;
    case cel::TypeKind::kList:
      right = value.is_array();
      break;
    case cel::TypeKind::kMap:
    case cel::TypeKind::kRecord:
      right = value.is_object();
      break;
    case cel::TypeKind::kDouble:
      if (value.is_number()) return Value::floating(value.as_double());
      right = false;
      break;
    case cel::TypeKind::kInt: {
      if (value.is_int()) return view;
      constexpr double kExactMax = 9'007'199'254'740'992.0;
      if (value.is_double() && value.as_double() >= -kExactMax && value.as_double() <= kExactMax &&
          value.as_double() == static_cast<double>(static_cast<std::int64_t>(value.as_double()))) {
        return Value::integer(static_cast<std::int64_t>(value.as_double()));
      }
      right = false;
      break;
    }
    default:
      break;
  }
  if (right) return view;
  std::array<char, 192> message;
  const auto end = fmt::format_to_n(message.data(), message.size(), "argument \"{:.64}\" is of another type: {}", name,
                                    value.type_name());
  return scratch.error(std::string_view(message.data(), std::min(end.size, message.size())));
}

thread_local std::vector<std::unique_ptr<ExpressionState>> states;

}  // namespace

void AgentRecord::over(const Request& request) {
  request_ = &request;
  labels_.over(request.principal.labels);
  chain_.over(request.principal.chain);
}

Value AgentRecord::groups(cel::Scratch& scratch) const {
  const auto labels = request_->principal.labels;
  const auto values = scratch.make_array<Value>(labels.size());
  if (values.size() != labels.size()) return scratch.error("too many labels");
  std::size_t count = 0;
  for (const std::string& label : labels) {
    if (label.starts_with(kGroupPrefix)) {
      values[count++] = Value::string(std::string_view(label).substr(kGroupPrefix.size()));
    }
  }
  return Value::list(std::span<const Value>(values).first(count));
}

Value AgentRecord::field(std::uint32_t index, cel::Scratch& scratch) const {
  const Principal& principal = request_->principal;
  switch (static_cast<AgentField>(index)) {
    case AgentField::kId:
      return Value::string(principal.agent);
    case AgentField::kName:
      return Value::string(principal.name);
    case AgentField::kParent:
      return text_or_absent(principal.parent);
    case AgentField::kChain:
      return Value::list(chain_);
    case AgentField::kGroups:
      return groups(scratch);
    case AgentField::kLabels:
      return Value::list(labels_);
    case AgentField::kRing:
      return Value::integer(principal.ring);
    case AgentField::kBudget: {
      const json::Value* budget = fact_of(principal, "budget");
      return budget != nullptr && budget->is_object() ? Value::json(*budget) : Value();
    }
    case AgentField::kTrust: {
      const json::Value* trust = fact_of(principal, "trust");
      return trust != nullptr && trust->is_number() ? Value::floating(trust->as_double()) : Value();
    }
  }
  return {};
}

Value CallRecord::field(std::uint32_t index, cel::Scratch&) const {
  static constexpr std::string_view kPhaseNames[] = {"list", "call", "result", "subscribe"};
  switch (static_cast<CallField>(index)) {
    case CallField::kName:
      return Value::string(request_->call_name);
    case CallField::kNumber:
      return Value::integer(request_->call);
    case CallField::kPhase:
      return Value::string(kPhaseNames[static_cast<std::size_t>(request_->phase)]);
    case CallField::kChanges:
      return Value::boolean(request_->changes);
    case CallField::kPath:
      return text_or_absent(request_->path);
    case CallField::kPathTo:
      return text_or_absent(request_->path_to);
    case CallField::kTarget:
      return text_or_absent(request_->target);
    case CallField::kTargetParent:
      return text_or_absent(request_->target_parent);
  }
  return {};
}

Value ToolRecord::field(std::uint32_t index, cel::Scratch&) const {
  const ToolFacts* facts = request_->tool_facts;
  switch (static_cast<ToolField>(index)) {
    case ToolField::kName:
      return Value::string(request_->tool);
    case ToolField::kVersion:
      return facts == nullptr ? Value() : text_or_absent(facts->version);
    case ToolField::kServer:
      return facts == nullptr ? Value() : text_or_absent(facts->server);
    case ToolField::kManifest:
      return facts == nullptr || facts->manifest == nullptr || !facts->manifest->is_object()
                 ? Value()
                 : Value::json(*facts->manifest);
  }
  return {};
}

Value ResultRecord::field(std::uint32_t index, cel::Scratch&) const {
  switch (static_cast<ResultField>(index)) {
    case ResultField::kValue:
      return result_->value == nullptr ? Value() : Value::json(*result_->value);
    case ResultField::kText:
      return text_or_absent(result_->text);
    case ResultField::kSize:
      return Value::integer(result_->size_bytes);
    case ResultField::kIsError:
      return Value::boolean(result_->is_error);
  }
  return {};
}

Value CallCounts::find(const Value& key, cel::Scratch&) const {
  if (!key.is(cel::ValueKind::kString)) return {};
  return Value::integer(past_ == nullptr ? 0 : past_->count(key.text()));
}

Value ArgumentsRecord::field(std::uint32_t index, cel::Scratch& scratch) const {
  const cel::Field& field = shape_->fields()[index];
  const json::Value* member = object_->find(field.name);
  return member == nullptr ? Value() : typed(*member, field.type, field.name, scratch);
}

ExpressionState* ExpressionState::acquire(const Request& request) {
  for (const auto& state : states) {
    if (state->in_use_) continue;
    state->bind(request);
    return state.get();
  }
  states.push_back(std::make_unique<ExpressionState>());
  states.back()->scratch_.set_host(&states.back()->forms_);
  states.back()->scratch_.set_limits({.steps_max = kExpressionStepsMax, .scratch_bytes_max = 1 << 20});
  states.back()->bind(request);
  return states.back().get();
}

void ExpressionState::release(ExpressionState* state) { state->in_use_ = false; }

void ExpressionState::bind(const Request& request) {
  in_use_ = true;
  scratch_.reset();
  forms_.reset(request.sql);
  request_ = &request;
  patterns_of_ = nullptr;
  agent_.over(request);
  call_.over(request);
  tool_.over(request);
  if (request.result != nullptr) result_.over(*request.result);
  history_.over(request.past);
  flow_.over(request.principal.flow);
}

PatternMatches& ExpressionState::patterns(const void* of, std::size_t field) {
  if (patterns_of_ != of) {
    for (PatternMatches& matches : patterns_) matches.known = PatternMatches::Known::kNo;
    patterns_of_ = of;
  }
  if (field >= patterns_.size()) patterns_.resize(field + 1);
  return patterns_[field];
}

const json::Value* ExpressionState::arguments() {
  return request_->arguments == nullptr ? nullptr : request_->arguments->object();
}

Value ExpressionState::attribute(Attribute attribute) {
  static const json::Array kNothing;
  static const json::Object kUnknown;
  switch (attribute) {
    case Attribute::kAgent:
      return Value::record(agent_);
    case Attribute::kCall:
      return Value::record(call_);
    case Attribute::kTool:
      return request_->tool.empty() ? Value() : Value::record(tool_);
    case Attribute::kResult:
      return request_->result == nullptr ? Value() : Value::record(result_);
    case Attribute::kHistory:
      return Value::record(history_);
    case Attribute::kLabels:
      return Value::list(flow_);
    case Attribute::kFindings:
      return request_->findings != nullptr ? Value::json(request_->findings->list()) : Value::json(kNothing);
    case Attribute::kEnv:
      return request_->environment != nullptr ? Value::json(*request_->environment) : Value::json(kUnknown);
    case Attribute::kNow: {
      std::int64_t seconds = request_->time_us / 1'000'000, rest = request_->time_us % 1'000'000;
      if (rest < 0) {
        rest += 1'000'000;
        --seconds;
      }
      return Value::timestamp(seconds, static_cast<std::uint32_t>(rest * 1000));
    }
    case Attribute::kTable:
    case Attribute::kArgs:
      break;
  }
  return {};
}

}  // namespace agentos::policy
