// Walks a tree, giving each node its type. Names are in names.cc, what it says of mistakes in complaints.cc.
#include "lib/policy/cel/check/checker.h"

#include <algorithm>

#include <fmt/format.h>

namespace agentos::cel {

std::vector<Issue> Checker::run() {
  visit(ast_.root());
  for (NodeId id = 0; id < ast_.size(); ++id) ast_[id].type = types_.finish(ast_[id].type);
  std::ranges::sort(issues_, {}, [](const Issue& issue) { return std::tie(issue.line, issue.column, issue.message); });
  ast_.set_checked();
  return std::move(issues_);
}

Type Checker::visit(NodeId id) {
  Type type;
  switch (ast_[id].kind) {
    case NodeKind::kLiteral:
      type = visit_literal(ast_[id]);
      break;
    case NodeKind::kIdentifier:
      type = visit_identifier(id);
      break;
    case NodeKind::kSelect:
      type = visit_select(id);
      break;
    case NodeKind::kCall:
      type = visit_call(id);
      break;
    case NodeKind::kList:
      type = visit_list(id);
      break;
    case NodeKind::kMap:
      type = visit_map(id);
      break;
    case NodeKind::kStruct:
      type = visit_struct(id);
      break;
    case NodeKind::kComprehension:
      type = visit_comprehension(id);
      break;
  }
  ast_[id].type = type;
  return type;
}

Type Checker::visit_literal(const Node& node) const {
  static const std::vector<Type> kTypes = {Type::null(),     Type::boolean(), Type::integer(), Type::unsigned_integer(),
                                           Type::floating(), Type::string(),  Type::bytes()};
  return kTypes[node.literal.index()];
}

Type Checker::visit_identifier(NodeId id) {
  const std::string name = ast_[id].name;
  if (const Type* local = find_local(name)) return *local;
  Type type;
  if (resolve_qualified(id, name, type)) return type;
  return fail_unknown_name(id, name);
}

Type Checker::visit_select(NodeId id) {
  std::string name;
  Type type;
  if (!ast_[id].is_test && qualified_name(id, name) && resolve_qualified(id, name, type)) {
    ast_[id].kind = NodeKind::kIdentifier;
    ast_[id].name = name;
    ast_[id].operand = kNoNode;
    return type;
  }
  const NodeId operand = ast_[id].operand;
  const Type found = field_type(id, types_.resolve(visit(operand)), ast_[id].name, id);
  return ast_[id].is_test ? Type::boolean() : found;
}

// The type of operand.field; an optional operand gives an optional.
Type Checker::field_type(NodeId id, const Type& operand, const std::string& field, NodeId blamed) {
  switch (operand.kind()) {
    case TypeKind::kDyn:
      return Type::dyn();
    case TypeKind::kParameter:
      types_.assign(Type::dyn(), operand);
      return Type::dyn();
    case TypeKind::kMap:
      return operand.parameter(1);
    case TypeKind::kOptional: {
      const Type inside = field_type(id, types_.resolve(operand.parameter(0)), field, blamed);
      return inside.is(TypeKind::kOptional) ? inside : Type::optional(inside);
    }
    case TypeKind::kRecord: {
      if (const auto index = operand.shape().find(field)) {
        ast_[id].field = static_cast<std::int32_t>(*index);
        return operand.shape().fields()[*index].type;
      }
      std::vector<std::string_view> words;
      for (const Field& known : operand.shape().fields()) words.push_back(known.name);
      return fail(blamed, fmt::format("'{}' has no field '{}'", operand.shape().name(), field),
                  suggestion(field, words));
    }
    default:
      return fail(blamed,
                  fmt::format("a value of type {} has no fields, '{}' is read here", operand.to_string(), field));
  }
}

Type Checker::visit_optional_select(NodeId id) {
  const NodeId operand = ast_[id].arguments[0], field = ast_[id].arguments[1];
  ast_[field].type = Type::string();
  const Type inside = field_type(id, types_.resolve(visit(operand)), std::get<std::string>(ast_[field].literal), id);
  ast_[id].overload_ids = {"select_optional_field"};
  return inside.is(TypeKind::kOptional) ? inside : Type::optional(inside);
}

Type Checker::visit_call(NodeId id) {
  if (ast_[id].name == operators::kOptionalSelect && ast_[id].arguments.size() == 2) return visit_optional_select(id);
  const NodeId receiver = ast_[id].operand;
  const Function* function = nullptr;
  CallStyle style = CallStyle::kGlobal;
  std::string found;
  if (receiver != kNoNode) {
    if (std::string space; qualified_name(receiver, space))
      function = resolve_function(space + "." + ast_[id].name, found);
    if (function != nullptr) {
      ast_[id].name = found;
      ast_[id].operand = kNoNode;
    } else {
      style = CallStyle::kMember;
      function = environment_.find_function(ast_[id].name);
    }
  } else {
    function = resolve_function(ast_[id].name, found);
    if (function != nullptr) ast_[id].name = found;
  }
  std::vector<Type> arguments;
  const std::vector<NodeId> nodes = ast_[id].arguments;
  if (style == CallStyle::kMember) arguments.push_back(visit(receiver));
  for (const NodeId node : nodes) arguments.push_back(visit(node));
  if (function == nullptr) return fail_unknown_function(id, ast_[id].name, style);
  return resolve_overload(id, *function, arguments);
}

Type Checker::resolve_overload(NodeId id, const Function& function, const std::vector<Type>& arguments) {
  const CallStyle style = ast_[id].operand == kNoNode ? CallStyle::kGlobal : CallStyle::kMember;
  std::optional<Type> result;
  for (const Overload& overload : function.overloads) {
    if (overload.style != style || overload.parameters.size() != arguments.size()) continue;
    std::map<std::string, Type> renamed;
    const std::size_t before = types_.mark();
    bool fits = true;
    for (std::size_t i = 0; i < arguments.size() && fits; ++i)
      fits = types_.assign(arguments[i], types_.instantiate(overload.parameters[i], renamed));
    if (!fits) {
      types_.undo(before);
      continue;
    }
    const Type candidate = types_.resolve(types_.instantiate(overload.result, renamed));
    if (!result) {
      result = candidate;
    } else if (!(*result == candidate)) {
      result = Type::dyn();
    }
    ast_[id].overload_ids.push_back(overload.id);
  }
  return result ? *result : fail_overload(id, function, arguments);
}

// The type of an element, or of what an optional element holds.
Type Checker::element_type(const Entry& entry, NodeId value) {
  Type type = types_.resolve(visit(value));
  if (!entry.optional) return type;
  if (type.is(TypeKind::kOptional)) return type.parameter(0);
  if (type.is(TypeKind::kDyn) || type.is(TypeKind::kParameter)) return Type::dyn();
  return fail(value, fmt::format("'?' needs an optional value, this is {}", type.to_string()));
}

Type Checker::visit_list(NodeId id) {
  std::optional<Type> joined;
  const std::vector<Entry> entries = ast_[id].entries;
  for (const Entry& entry : entries) {
    const Type type = element_type(entry, entry.value);
    joined = joined ? types_.join(*joined, type) : type;
  }
  return Type::list(joined ? *joined : types_.fresh());
}

Type Checker::visit_map(NodeId id) {
  std::optional<Type> keys, values;
  const std::vector<Entry> entries = ast_[id].entries;
  for (const Entry& entry : entries) {
    const Type key = visit(entry.key);
    const Type value = element_type(entry, entry.value);
    keys = keys ? types_.join(*keys, key) : key;
    values = values ? types_.join(*values, value) : value;
  }
  return Type::map(keys ? *keys : types_.fresh(), values ? *values : types_.fresh());
}

Type Checker::visit_struct(NodeId id) {
  const std::vector<Entry> entries = ast_[id].entries;
  for (const Entry& entry : entries) visit(entry.value);
  return fail(id, fmt::format("'{}' is no type that can be made here", ast_[id].name));
}

// Adds the loop's variables with the types that elements of `range` give them.
void Checker::loop_variables(const Node& node, const Type& range, std::vector<Local>& variables) {
  const Comprehension& loop = *node.comprehension;
  const bool two = !loop.second_variable.empty();
  Type first, second;
  switch (range.kind()) {
    case TypeKind::kList:
      first = two ? Type::integer() : range.parameter(0);
      second = range.parameter(0);
      break;
    case TypeKind::kMap:
      first = range.parameter(0);
      second = range.parameter(1);
      break;
    case TypeKind::kParameter:
      types_.assign(Type::dyn(), range);
      break;
    case TypeKind::kDyn:
      break;
    default:
      fail(loop.range, fmt::format("a loop goes over a list or a map, this is {}", range.to_string()));
      break;
  }
  variables.push_back({loop.variable, first});
  if (two) variables.push_back({loop.second_variable, second});
}

Type Checker::visit_comprehension(NodeId id) {
  const Comprehension loop = *ast_[id].comprehension;
  const Type range = types_.resolve(visit(loop.range));
  const Type accumulator = visit(loop.initial);
  const std::size_t outside = locals_.size();
  locals_.push_back({loop.accumulator, accumulator});
  std::vector<Local> variables;
  loop_variables(ast_[id], range, variables);
  for (Local& variable : variables) locals_.push_back(std::move(variable));
  const Type condition = visit(loop.condition);
  if (!types_.assign(condition, Type::boolean()))
    fail(loop.condition, fmt::format("a condition is bool, this is {}", types_.finish(condition).to_string()));
  const Type step = visit(loop.step);
  if (!types_.assign(step, accumulator))
    fail(loop.step, fmt::format("the loop makes {} of {}", types_.finish(step).to_string(),
                                types_.finish(accumulator).to_string()));
  locals_.resize(outside + 1);
  const Type result = types_.resolve(visit(loop.result));
  locals_.resize(outside);
  return result;
}

std::expected<Ast, std::vector<Issue>> check(Ast ast, const Environment& environment, const Limits& limits) {
  std::vector<Issue> issues = Checker(ast, environment, limits, CheckMode::kStrict).run();
  if (!issues.empty()) return std::unexpected(std::move(issues));
  return ast;
}

}  // namespace agentos::cel
