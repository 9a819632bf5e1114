// Ops of comprehensions: the forms that macros make are recognised by their shape, whoever made the tree.
#include "lib/policy/cel/plan/planner.h"

namespace agentos::cel {

bool Planner::is_accumulator(const Comprehension& loop, NodeId id) const {
  return node(id).kind == NodeKind::kIdentifier && node(id).name == loop.accumulator;
}

bool Planner::is_call(NodeId id, std::string_view function, std::size_t arguments) const {
  return node(id).kind == NodeKind::kCall && node(id).operand == kNoNode && node(id).name == function &&
         node(id).arguments.size() == arguments;
}

bool Planner::is_literal(NodeId id, const Literal& literal) const {
  return node(id).kind == NodeKind::kLiteral && node(id).literal == literal;
}

bool Planner::is_empty(NodeId id, NodeKind kind) const { return node(id).kind == kind && node(id).entries.empty(); }

// What the step adds to the accumulator: [body], of the elements that `filter` takes.
Planner::Step Planner::appended(const Comprehension& loop) const {
  Step step;
  NodeId addition = loop.step;
  if (is_call(addition, operators::kConditional, 3)) {
    const std::vector<NodeId>& parts = node(addition).arguments;
    if (!is_accumulator(loop, parts[2])) return {};
    step.filter = parts[0];
    addition = parts[1];
  }
  if (!is_call(addition, operators::kAdd, 2) || !is_accumulator(loop, node(addition).arguments[0])) return {};
  const Node& element = node(node(addition).arguments[1]);
  if (element.kind != NodeKind::kList || element.entries.size() != 1 || element.entries[0].optional) return {};
  step.body = element.entries[0].value;
  return step;
}

std::pair<Op::Run, Planner::Step> Planner::recognise_insertion(const Comprehension& loop) const {
  Step step;
  NodeId insertion = loop.step;
  if (is_call(insertion, operators::kConditional, 3)) {
    const std::vector<NodeId>& parts = node(insertion).arguments;
    if (!is_accumulator(loop, parts[2])) return {nullptr, {}};
    step.filter = parts[0];
    insertion = parts[1];
  }
  const bool entry = is_call(insertion, "cel.@mapInsert", 3), map = is_call(insertion, "cel.@mapInsert", 2);
  if (!(entry || map) || !is_accumulator(loop, node(insertion).arguments[0])) return {nullptr, {}};
  step.body = node(insertion).arguments.back();
  if (map) return {run_merge_maps, step};
  const Node& key = node(node(insertion).arguments[1]);
  if (key.kind != NodeKind::kIdentifier || key.name != loop.variable) return {nullptr, {}};
  return {run_collect_map, step};
}

std::pair<Op::Run, Planner::Step> Planner::recognise(const Comprehension& loop) const {
  const std::vector<NodeId>& parts = node(loop.step).arguments;
  const bool plain = is_accumulator(loop, loop.result);
  const bool endless = is_literal(loop.condition, true);
  if (plain && !endless && is_call(loop.condition, operators::kNotStrictlyFalse, 1) && parts.size() == 2 &&
      is_accumulator(loop, parts[0])) {
    if (is_literal(loop.initial, true) && is_call(loop.step, operators::kAnd, 2)) return {run_all, {kNoNode, parts[1]}};
    if (is_literal(loop.initial, false) && is_call(loop.step, operators::kOr, 2))
      return {run_exists, {kNoNode, parts[1]}};
  }
  if (!endless) return {nullptr, {}};
  const Literal one = std::int64_t{1};
  if (is_literal(loop.initial, std::int64_t{0}) && is_call(loop.step, operators::kConditional, 3) &&
      is_call(loop.result, operators::kEqual, 2) && is_accumulator(loop, node(loop.result).arguments[0]) &&
      is_literal(node(loop.result).arguments[1], one) && is_accumulator(loop, parts[2]) &&
      is_call(parts[1], operators::kAdd, 2) && is_accumulator(loop, node(parts[1]).arguments[0]) &&
      is_literal(node(parts[1]).arguments[1], one))
    return {run_exists_one, {kNoNode, parts[0]}};
  if (plain && is_empty(loop.initial, NodeKind::kList)) {
    const Step step = appended(loop);
    return {step.body == kNoNode ? nullptr : run_collect, step};
  }
  if (plain && is_empty(loop.initial, NodeKind::kMap)) return recognise_insertion(loop);
  return {nullptr, {}};
}

const Op* Planner::plan_loop(NodeId id) {
  const Comprehension& loop = *node(id).comprehension;
  if (is_empty(loop.range, NodeKind::kList) && is_literal(loop.condition, false)) return plan_bind(id);
  const auto [run, step] = recognise(loop);
  return run != nullptr ? plan_simple_loop(id, run, step) : plan_fold(id);
}

const Op* Planner::plan_bind(NodeId id) {
  const Comprehension& loop = *node(id).comprehension;
  auto* op = make<LoopOp>(id, run_bind);
  op->initial = plan(loop.initial);
  op->accumulator = open_local(loop.accumulator);
  op->result = plan(loop.result);
  close_locals(1);
  op->weight += op->initial->weight + op->result->weight;
  return op;
}

const Op* Planner::plan_simple_loop(NodeId id, Op::Run run, Step step) {
  const Comprehension& loop = *node(id).comprehension;
  auto* op = make<LoopOp>(id, run);
  op->range = plan(loop.range);
  op->has_second = !loop.second_variable.empty();
  op->variable = open_local(loop.variable);
  if (op->has_second) op->second = open_local(loop.second_variable);
  if (step.filter != kNoNode) op->filter = plan(step.filter);
  op->body = plan(step.body);
  close_locals(op->has_second ? 2 : 1);
  op->weight += op->range->weight;
  op->turn_weight += op->body->weight + (op->filter == nullptr ? 0 : op->filter->weight);
  return op;
}

const Op* Planner::plan_fold(NodeId id) {
  const Comprehension& loop = *node(id).comprehension;
  auto* op = make<LoopOp>(id, run_fold);
  op->range = plan(loop.range);
  op->initial = plan(loop.initial);
  op->accumulator = open_local(loop.accumulator);
  op->has_second = !loop.second_variable.empty();
  op->variable = open_local(loop.variable);
  if (op->has_second) op->second = open_local(loop.second_variable);
  op->condition = plan(loop.condition);
  op->body = plan(loop.step);
  close_locals(op->has_second ? 2 : 1);
  op->result = plan(loop.result);
  close_locals(1);
  op->weight += op->range->weight + op->initial->weight + op->result->weight;
  op->turn_weight += op->body->weight + op->condition->weight;
  return op;
}

}  // namespace agentos::cel
