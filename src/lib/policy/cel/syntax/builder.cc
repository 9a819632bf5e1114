// Builds a tree node by node within the limits.
#include "lib/policy/cel/syntax/builder.h"

#include <algorithm>

#include <fmt/format.h>

namespace agentos::cel {

NodeId Ast::add(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size() - 1);
}

std::string Issue::to_string() const {
  std::string text = fmt::format("{}:{}: {}", line, column, message);
  if (!hint.empty()) text += "; " + hint;
  return text;
}

void Builder::deepen(Depth& depth, NodeId child) const {
  if (child == kNoNode) return;
  depth.nodes = std::max(depth.nodes, depths_[child].nodes + 1);
  depth.comprehensions = std::max(depth.comprehensions, depths_[child].comprehensions);
}

NodeId Builder::add(Node node) {
  Depth depth{.nodes = 1};
  deepen(depth, node.operand);
  for (const NodeId argument : node.arguments) deepen(depth, argument);
  for (const Entry& entry : node.entries) {
    deepen(depth, entry.key);
    deepen(depth, entry.value);
  }
  if (node.comprehension) {
    const Comprehension& loop = *node.comprehension;
    Depth inside;
    for (const NodeId child : {loop.condition, loop.step}) deepen(inside, child);
    ++inside.comprehensions;
    depth.nodes = std::max(depth.nodes, inside.nodes);
    depth.comprehensions = inside.comprehensions;
    for (const NodeId child : {loop.range, loop.initial, loop.result}) deepen(depth, child);
  }
  const Position position = node.position;
  if (depth.nodes > limits_.depth_max) {
    fail(position, fmt::format("nested deeper than {}", limits_.depth_max), "split the expression");
    depth.nodes = 1;
    node = Node{.position = position};
  } else if (depth.comprehensions > limits_.comprehension_depth_max) {
    fail(position, fmt::format("loops nested deeper than {}", limits_.comprehension_depth_max));
    depth.comprehensions = 0;
  }
  if (ast_.size() >= limits_.nodes_max) {
    fail(position, fmt::format("more than {} operations", limits_.nodes_max), "split the expression");
    return 0;
  }
  depths_.push_back(depth);
  return ast_.add(std::move(node));
}

NodeId Builder::literal(Position position, Literal value) {
  Node node{.kind = NodeKind::kLiteral, .position = position};
  node.literal = std::move(value);
  return add(std::move(node));
}

NodeId Builder::identifier(Position position, std::string name) {
  Node node{.kind = NodeKind::kIdentifier, .position = position};
  node.name = std::move(name);
  return add(std::move(node));
}

NodeId Builder::select(Position position, NodeId operand, std::string field) {
  Node node{.kind = NodeKind::kSelect, .position = position};
  node.name = std::move(field);
  node.operand = operand;
  return add(std::move(node));
}

NodeId Builder::call(Position position, std::string_view function, std::vector<NodeId> arguments) {
  return member_call(position, kNoNode, function, std::move(arguments));
}

NodeId Builder::member_call(Position position, NodeId receiver, std::string_view function,
                            std::vector<NodeId> arguments) {
  Node node{.kind = NodeKind::kCall, .position = position};
  node.name = function;
  node.operand = receiver;
  node.arguments = std::move(arguments);
  return add(std::move(node));
}

NodeId Builder::list(Position position, std::vector<NodeId> elements) {
  Node node{.kind = NodeKind::kList, .position = position};
  for (const NodeId element : elements) node.entries.push_back({.value = element, .position = ast_[element].position});
  return add(std::move(node));
}

NodeId Builder::comprehension(Position position, Comprehension comprehension) {
  Node node{.kind = NodeKind::kComprehension, .position = position};
  node.comprehension = std::move(comprehension);
  return add(std::move(node));
}

NodeId Builder::bind(Position position, std::string name, NodeId value, NodeId body) {
  const NodeId step = identifier(position, name);
  Comprehension loop{
      .variable = "@none", .accumulator = std::move(name), .range = list(position, {}), .initial = value};
  loop.condition = literal(position, false);
  loop.step = step;
  loop.result = body;
  Node node{.kind = NodeKind::kComprehension, .position = position};
  node.comprehension = std::move(loop);
  return add(std::move(node));
}

NodeId Builder::fail(Position position, std::string message, std::string hint) {
  if (!issue_) issue_ = Issue{position.line, position.column, std::move(message), std::move(hint)};
  if (ast_.size() == 0) {
    depths_.push_back({.nodes = 1});
    ast_.add(Node{.position = position});
  }
  return 0;
}

}  // namespace agentos::cel
