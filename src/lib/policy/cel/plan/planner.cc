// Ops of literals, names, fields, lists and maps.
#include "lib/policy/cel/plan/planner.h"

#include <fmt/format.h>
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {

std::vector<Issue> Planner::run() {
  plan_.root = plan(plan_.ast.root());
  return std::move(issues_);
}

void Planner::issue(NodeId id, std::string message, std::string hint) {
  const Position& place = node(id).position;
  if (issues_.size() < limits_.issues_max)
    issues_.push_back({place.line, place.column, std::move(message), std::move(hint)});
}

// The op of a node; where the type is double or uint and the value may come from JSON, an int becomes one.
const Op* Planner::plan(NodeId id) {
  const Op* op = plan_node(id);
  const TypeKind kind = node(id).type.kind();
  const bool reads = node(id).kind == NodeKind::kIdentifier || node(id).kind == NodeKind::kSelect ||
                     (node(id).kind == NodeKind::kCall && node(id).name == operators::kIndex);
  if ((kind != TypeKind::kDouble && kind != TypeKind::kUint) || !reads || op->is_constant) return op;
  auto* coerced = make<UnaryOp>(id, kind == TypeKind::kDouble ? run_to_double : run_to_uint);
  coerced->operand = op;
  coerced->weight = op->weight + 1;
  return coerced;
}

const Op* Planner::plan_node(NodeId id) {
  switch (node(id).kind) {
    case NodeKind::kLiteral:
      return plan_literal(id);
    case NodeKind::kIdentifier:
      return plan_identifier(id);
    case NodeKind::kSelect:
      return plan_select(id);
    case NodeKind::kCall:
      return plan_call(id);
    case NodeKind::kList:
    case NodeKind::kMap:
      return plan_entries(id);
    case NodeKind::kStruct:
      return error(id, fmt::format("unknown type '{}'", node(id).name));
    case NodeKind::kComprehension:
      return plan_loop(id);
  }
  return error(id, "unknown node");
}

const Op* Planner::constant(NodeId id, Value value) {
  auto* op = make<ConstantOp>(id, run_constant);
  op->value = value;
  op->is_constant = !value.is_error();
  return op;
}

const Op* Planner::error(NodeId id, std::string_view message) {
  const Position& place = node(id).position;
  return constant(id, plan_.storage.error(message, place.line, place.column));
}

const Op* Planner::plan_literal(NodeId id) {
  const Literal& literal = node(id).literal;
  switch (literal.index()) {
    case 0:
      return constant(id, Value::null());
    case 1:
      return constant(id, Value::boolean(std::get<bool>(literal)));
    case 2:
      return constant(id, Value::integer(std::get<std::int64_t>(literal)));
    case 3:
      return constant(id, Value::unsigned_integer(std::get<std::uint64_t>(literal)));
    case 4:
      return constant(id, Value::floating(std::get<double>(literal)));
    case 5:
      return constant(id, plan_.storage.string(std::get<std::string>(literal)));
    default:
      return constant(id, plan_.storage.bytes(std::get<Bytes>(literal).view()));
  }
}

const Op* Planner::plan_identifier(NodeId id) {
  const Node& name = node(id);
  for (std::size_t i = locals_.size(); i-- > 0;) {
    if (locals_[i] != name.name) continue;
    auto* op = make<LocalOp>(id, run_local);
    op->index = static_cast<std::uint32_t>(i);
    return op;
  }
  if (name.slot >= 0) {
    auto* op = make<VariableOp>(id, run_variable);
    op->slot = static_cast<std::uint32_t>(name.slot);
    op->name = plan_.storage.string(name.name).text();
    return op;
  }
  if (!name.type_denoted.empty()) return constant(id, Value::type_name(plan_.storage.string(name.type_denoted).text()));
  return error(id, fmt::format("undeclared reference to '{}'", name.name));
}

const Op* Planner::plan_select(NodeId id) {
  const Node& select = node(id);
  const Op* operand = plan(select.operand);
  const Type& type = node(select.operand).type;
  auto* op = make<FieldOp>(id, select.is_test ? run_test : run_named_field);
  op->operand = operand;
  op->name = plan_.storage.string(select.name).text();
  op->weight = operand->weight + 1;
  if (type.is(TypeKind::kRecord) && select.field >= 0 && !select.is_test) {
    op->shape = &type.shape();
    op->index = static_cast<std::uint32_t>(select.field);
    op->run = run_field;
    if (operand->run == run_variable) {
      op->slot = static_cast<const VariableOp*>(operand)->slot;
      op->run = run_variable_field;
    }
  }
  return fold(id, op, std::span(&operand, 1));
}

const Op* Planner::plan_entries(NodeId id) {
  const bool is_map = node(id).kind == NodeKind::kMap;
  auto* op = make<EntriesOp>(id, is_map ? run_map : run_list);
  const std::span<EntryOp> entries = plan_.storage.make_array<EntryOp>(node(id).entries.size());
  std::vector<const Op*> operands;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = node(id).entries[i];
    if (is_map) operands.push_back(entries[i].key = plan(entry.key));
    operands.push_back(entries[i].value = plan(entry.value));
    entries[i].optional = entry.optional;
  }
  op->entries = entries;
  for (const Op* operand : operands) op->weight += operand->weight;
  return fold(id, op, operands);
}

Operands Planner::keep(std::span<const Op* const> operands) {
  const std::span<const Op*> kept = plan_.storage.make_array<const Op*>(operands.size());
  CHECK(kept.size() == operands.size());
  std::copy(operands.begin(), operands.end(), kept.begin());
  return kept;
}

std::uint32_t Planner::open_local(const std::string& name) {
  locals_.push_back(name);
  plan_.locals = std::max(plan_.locals, static_cast<std::uint32_t>(locals_.size()));
  return static_cast<std::uint32_t>(locals_.size() - 1);
}

}  // namespace agentos::cel
