// Ops of operators and function calls.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/plan/planner.h"

namespace agentos::cel {
namespace {

struct Named {
  std::string_view name;
  Op::Run run;
};

constexpr std::array<Named, 7> kBinary = {{{operators::kAdd, run_add},
                                           {operators::kSubtract, run_subtract},
                                           {operators::kMultiply, run_multiply},
                                           {operators::kDivide, run_divide},
                                           {operators::kModulo, run_modulo},
                                           {operators::kIndex, run_index},
                                           {operators::kOptionalIndex, run_optional_index}}};

// How `a op b` runs, how with a constant int on the right, and how with one on the left.
struct Comparison {
  std::string_view name;
  Op::Run run;
  Op::Run with_int;
  Op::Run with_int_first;
};
constexpr std::array<Comparison, 4> kComparisons = {
    {{operators::kLess, run_less, run_less_int, run_greater_int},
     {operators::kLessEqual, run_less_equal, run_less_equal_int, run_greater_equal_int},
     {operators::kGreater, run_greater, run_greater_int, run_less_int},
     {operators::kGreaterEqual, run_greater_equal, run_greater_equal_int, run_less_equal_int}}};

constexpr std::uint32_t bit(ValueKind kind) { return std::uint32_t{1} << static_cast<unsigned>(kind); }
constexpr std::uint32_t kAnyKind = ~(bit(ValueKind::kAbsent) | bit(ValueKind::kError));

std::uint32_t kinds_of(const Type& type) {
  switch (type.kind()) {
    case TypeKind::kNull:
      return bit(ValueKind::kNull);
    case TypeKind::kBool:
      return bit(ValueKind::kBool);
    case TypeKind::kInt:
      return bit(ValueKind::kInt);
    case TypeKind::kUint:
      return bit(ValueKind::kUint);
    case TypeKind::kDouble:
      return bit(ValueKind::kDouble);
    case TypeKind::kString:
      return bit(ValueKind::kString);
    case TypeKind::kBytes:
      return bit(ValueKind::kBytes);
    case TypeKind::kDuration:
      return bit(ValueKind::kDuration);
    case TypeKind::kTimestamp:
      return bit(ValueKind::kTimestamp);
    case TypeKind::kIp:
      return bit(ValueKind::kIp);
    case TypeKind::kCidr:
      return bit(ValueKind::kCidr);
    case TypeKind::kList:
      return bit(ValueKind::kList);
    case TypeKind::kMap:
      return bit(ValueKind::kMap);
    case TypeKind::kRecord:
      return bit(ValueKind::kRecord) | bit(ValueKind::kMap);
    case TypeKind::kOptional:
      return bit(ValueKind::kOptional);
    case TypeKind::kType:
      return bit(ValueKind::kType);
    default:
      return kAnyKind;
  }
}

// Functions whose constant argument is wrong for good when it is wrong.
bool reads_text(std::string_view name) {
  return name == "duration" || name == "timestamp" || name == "ip" || name == "cidr";
}

}  // namespace

const Op* Planner::plan_call(NodeId id) {
  const Op* op = node(id).operand == kNoNode ? plan_operator(id) : nullptr;
  return op != nullptr ? op : plan_function(id);
}

const Op* Planner::plan_operator(NodeId id) {
  const std::string_view name = node(id).name;
  const std::vector<NodeId>& arguments = node(id).arguments;
  if (name == operators::kAnd) return plan_logical(id, run_and);
  if (name == operators::kOr) return plan_logical(id, run_or);
  if (name == operators::kNot) return plan_unary(id, run_not);
  if (name == operators::kNotStrictlyFalse) return plan_unary(id, run_not_strictly_false);
  if (name == operators::kEqual || name == operators::kNotEqual) return plan_equality(id, name == operators::kEqual);
  if (name == operators::kIn) return plan_in(id);
  for (const Named& each : kBinary)
    if (each.name == name) return plan_binary(id, each.run, plan(arguments[0]), plan(arguments[1]));
  for (const Comparison& each : kComparisons)
    if (each.name == name) return plan_comparison(id);
  if (name == operators::kConditional) {
    auto* op = make<ConditionalOp>(id, run_conditional);
    const std::array<const Op*, 3> parts = {plan(arguments[0]), plan(arguments[1]), plan(arguments[2])};
    op->condition = parts[0], op->chosen = parts[1], op->otherwise = parts[2];
    op->weight = 1 + parts[0]->weight + std::max(parts[1]->weight, parts[2]->weight);
    return fold(id, op, parts);
  }
  if (name == operators::kOptionalSelect) {
    auto* op = make<FieldOp>(id, run_optional_field);
    op->operand = plan(arguments[0]);
    op->name = plan_.storage.string(std::get<std::string>(node(arguments[1]).literal)).text();
    op->weight = op->operand->weight + 1;
    return fold(id, op, std::span(&op->operand, 1));
  }
  return nullptr;
}

// One op for a whole chain of the operator.
const Op* Planner::plan_logical(NodeId id, Op::Run run) {
  std::vector<const Op*> operands;
  std::vector<NodeId> open = {id};
  while (!open.empty()) {
    const NodeId next = open.back();
    open.pop_back();
    if (node(next).kind == NodeKind::kCall && node(next).name == node(id).name && node(next).operand == kNoNode) {
      open.push_back(node(next).arguments[1]);
      open.push_back(node(next).arguments[0]);
    } else {
      operands.push_back(plan(next));
    }
  }
  auto* op = make<ManyOp>(id, run);
  op->operands = keep(operands);
  for (const Op* operand : operands) op->weight += operand->weight;
  return fold(id, op, operands);
}

const Op* Planner::plan_unary(NodeId id, Op::Run run) {
  auto* op = make<UnaryOp>(id, run);
  op->operand = plan(node(id).arguments[0]);
  op->weight += op->operand->weight;
  return fold(id, op, std::span(&op->operand, 1));
}

const Op* Planner::plan_binary(NodeId id, Op::Run run, const Op* left, const Op* right) {
  auto* op = make<BinaryOp>(id, run);
  op->left = left, op->right = right;
  op->weight += left->weight + right->weight;
  return fold(id, op, std::array<const Op*, 2>{left, right});
}

const Op* Planner::plan_equality(NodeId id, bool wanted) {
  const Op* left = plan(node(id).arguments[0]);
  const Op* right = plan(node(id).arguments[1]);
  const Op* fixed = right->is_constant ? right : left;
  const Op* other = fixed == right ? left : right;
  Op::Run run = nullptr;
  if (is_constant(fixed, ValueKind::kString)) run = wanted ? run_equal_text : run_not_equal_text;
  if (is_constant(fixed, ValueKind::kInt) && wanted) run = run_equal_int;
  if (run == nullptr || other->is_constant) return plan_binary(id, wanted ? run_equal : run_not_equal, left, right);
  auto* op = make<AgainstOp>(id, run);
  op->operand = other;
  op->constant = constant_value(fixed);
  op->weight += other->weight;
  return op;
}

const Op* Planner::plan_comparison(NodeId id) {
  const Comparison& comparison = *std::ranges::find(kComparisons, node(id).name, &Comparison::name);
  const Op* left = plan(node(id).arguments[0]);
  const Op* right = plan(node(id).arguments[1]);
  const bool int_last = is_constant(right, ValueKind::kInt), int_first = is_constant(left, ValueKind::kInt);
  if (int_last == int_first || left->is_constant == right->is_constant)
    return plan_binary(id, comparison.run, left, right);
  auto* op = make<AgainstOp>(id, int_last ? comparison.with_int : comparison.with_int_first);
  op->operand = int_last ? left : right;
  op->constant = constant_value(int_last ? right : left);
  op->weight += op->operand->weight;
  return op;
}

const Op* Planner::plan_in(NodeId id) {
  const Op* element = plan(node(id).arguments[0]);
  const Op* container = plan(node(id).arguments[1]);
  const MapTable* set = is_constant(container, ValueKind::kList) && !element->is_constant
                            ? literal_set(constant_value(container))
                            : nullptr;
  if (set == nullptr) return plan_binary(id, run_in, element, container);
  auto* op = make<SetOp>(id, run_in_set);
  op->operand = element;
  op->set = set;
  op->weight += element->weight;
  return op;
}

std::vector<Candidate> Planner::candidates(const Node& call, const Function& function, std::size_t count) const {
  const CallStyle style = call.operand == kNoNode ? CallStyle::kGlobal : CallStyle::kMember;
  std::vector<Candidate> found;
  for (const Overload& overload : function.overloads) {
    if (overload.style != style || overload.parameters.size() != count || overload.function == nullptr) continue;
    if (!call.overload_ids.empty() && !(std::ranges::find(call.overload_ids, overload.id) != call.overload_ids.end()))
      continue;
    Candidate candidate{.function = overload.function, .state = overload.state};
    for (std::size_t i = 0; i < count; ++i) candidate.kinds[i] = kinds_of(overload.parameters[i]);
    found.push_back(candidate);
  }
  return found;
}

const Op* Planner::plan_function(NodeId id) {
  const Node& call = node(id);
  std::vector<NodeId> arguments = call.arguments;
  if (call.operand != kNoNode) arguments.insert(arguments.begin(), call.operand);
  const Function* function = environment_.find_function(call.name);
  if (arguments.size() > kArgumentsMax || function == nullptr)
    return error(id, fmt::format("unbound function '{}' of {} arguments", call.name, arguments.size()));
  std::vector<const Op*> operands;
  for (const NodeId argument : arguments) operands.push_back(plan(argument));
  if (const Op* known = plan_known_function(id, operands)) return known;
  const std::vector<Candidate> found = candidates(call, *function, operands.size());
  auto* op = make<CallOp>(id, run_call);
  op->name = plan_.storage.string(call.name).text();
  op->operands = keep(operands);
  const std::span<Candidate> kept = plan_.storage.make_array<Candidate>(found.size());
  std::ranges::copy(found, kept.begin());
  op->candidates = kept;
  for (const Op* operand : operands) op->weight += operand->weight;
  if (find_standard_function(call.name) != function) return op;  // only functions of the language are folded
  const Op* folded = fold(id, op, operands);
  const bool fixed = operands.size() == 1 && is_constant(operands[0], ValueKind::kString);
  if (folded == op && fixed && reads_text(call.name) && mode_ == CheckMode::kStrict)
    issue(id, fmt::format("{}() cannot read '{}'", call.name, constant_value(operands[0]).text().substr(0, 100)));
  return folded;
}

// Functions that have an op of their own, in general or for these operands.
const Op* Planner::plan_known_function(NodeId id, std::span<const Op* const> operands) {
  const Node& call = node(id);
  if (operands.size() != 2 || call.name == "cel.@mapInsert") return nullptr;
  const bool member = call.operand != kNoNode;
  if (call.name == "or" && member) return plan_binary(id, run_or_optional, operands[0], operands[1]);
  if (call.name == "orValue" && member) return plan_binary(id, run_or_value, operands[0], operands[1]);
  if (call.name == "matches") return plan_matches(id, operands);
  if (call.name == "startsWith" && member && is_constant(operands[1], ValueKind::kString) &&
      !operands[0]->is_constant) {
    auto* op = make<AgainstOp>(id, run_starts_with);
    op->operand = operands[0];
    op->constant = constant_value(operands[1]);
    op->weight += operands[0]->weight;
    return op;
  }
  return nullptr;
}

const Op* Planner::plan_matches(NodeId id, std::span<const Op* const> operands) {
  if (!is_constant(operands[1], ValueKind::kString)) return nullptr;
  auto pattern = regex::Pattern::compile(constant_value(operands[1]).text());
  if (!pattern) {
    if (mode_ == CheckMode::kStrict) issue(id, pattern.error().message, pattern.error().hint);
    return nullptr;
  }
  plan_.patterns.push_back(std::make_unique<regex::Pattern>(std::move(*pattern)));
  auto* op = make<MatchOp>(id, run_matches);
  op->operand = operands[0];
  op->pattern = plan_.patterns.back().get();
  op->weight += operands[0]->weight;
  return fold(id, op, operands.first(1));
}

}  // namespace agentos::cel
