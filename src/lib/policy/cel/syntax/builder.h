// Builds a tree node by node within the limits, and keeps the first thing that is wrong.
//
// Every method gives a node that exists, also after a failure, so that callers unwind without looking at each result.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/policy/cel/ast.h"

namespace agentos::cel {

class Builder {
 public:
  explicit Builder(const Limits& limits) : limits_(limits) {}

  NodeId add(Node node);
  NodeId literal(Position position, Literal value);
  NodeId identifier(Position position, std::string name);
  NodeId select(Position position, NodeId operand, std::string field);
  NodeId call(Position position, std::string_view function, std::vector<NodeId> arguments);
  NodeId member_call(Position position, NodeId receiver, std::string_view function, std::vector<NodeId> arguments);
  NodeId list(Position position, std::vector<NodeId> elements);
  NodeId comprehension(Position position, Comprehension comprehension);
  // let `name` = `value` in `body`: a comprehension over nothing.
  NodeId bind(Position position, std::string name, NodeId value, NodeId body);

  NodeId fail(Position position, std::string message, std::string hint = {});
  bool failed() const { return issue_.has_value(); }
  const Issue& issue() const { return *issue_; }
  const Node& operator[](NodeId id) const { return ast_[id]; }
  Node& at(NodeId id) { return ast_[id]; }
  const Limits& limits() const { return limits_; }
  Ast take() { return std::move(ast_); }

 private:
  struct Depth {
    std::uint32_t nodes = 0;
    std::uint32_t comprehensions = 0;
  };
  void deepen(Depth& depth, NodeId child) const;

  const Limits& limits_;
  Ast ast_;
  std::vector<Depth> depths_;  // of each node, its subtree's
  std::optional<Issue> issue_;
};

// What a call becomes when its name and arguments are those of a macro: the expansion's node; nothing when it is no
// macro. A macro with wrong arguments fails in the builder.
std::optional<NodeId> expand_macro(Builder& builder, NodeId call, Macros macros);

}  // namespace agentos::cel
