// Resolves the names of a tree and deduces its types.
//
// kStrict collects an issue for everything that does not fit. kLenient resolves what it can and leaves the rest to
// evaluation: it is how a tree that is not checked gets its slots.
#pragma once

#include <string>
#include <vector>

#include "lib/policy/cel/ast.h"
#include "lib/policy/cel/check/substitution.h"
#include "lib/policy/cel/environment.h"

namespace agentos::cel {

enum class CheckMode : std::uint8_t { kStrict, kLenient };

class Checker {
 public:
  Checker(Ast& ast, const Environment& environment, const Limits& limits, CheckMode mode)
      : ast_(ast), environment_(environment), limits_(limits), mode_(mode) {}
  std::vector<Issue> run();  // empty when nothing is wrong

 private:
  struct Local {
    std::string name;
    Type type;
  };

  Type visit(NodeId id);
  Type visit_literal(const Node& node) const;
  Type visit_identifier(NodeId id);
  Type visit_select(NodeId id);
  Type visit_call(NodeId id);
  Type visit_list(NodeId id);
  Type visit_map(NodeId id);
  Type visit_struct(NodeId id);
  Type visit_comprehension(NodeId id);
  Type visit_optional_select(NodeId id);
  Type field_type(NodeId id, const Type& operand, const std::string& field, NodeId blamed);
  Type resolve_overload(NodeId id, const Function& function, const std::vector<Type>& arguments);
  Type element_type(const Entry& entry, NodeId value);
  void loop_variables(const Node& node, const Type& range, std::vector<Local>& variables);

  const Type* find_local(std::string_view name) const;
  bool qualified_name(NodeId id, std::string& name) const;
  bool resolve_qualified(NodeId id, const std::string& name, Type& type);
  const Function* resolve_function(const std::string& name, std::string& found) const;
  std::vector<std::string> candidates(std::string_view name) const;

  Type fail(NodeId id, std::string message, std::string hint = {});
  Type fail_unknown_name(NodeId id, std::string_view name);
  Type fail_unknown_function(NodeId id, std::string_view name, CallStyle style);
  Type fail_overload(NodeId id, const Function& function, const std::vector<Type>& arguments);

  Ast& ast_;
  const Environment& environment_;
  const Limits& limits_;
  CheckMode mode_;
  Substitution types_;
  std::vector<Local> locals_;
  std::vector<Issue> issues_;
};

// "did you mean 'agent'?", the known words when they are few, or nothing.
std::string suggestion(std::string_view wanted, std::span<const std::string_view> words);

}  // namespace agentos::cel
