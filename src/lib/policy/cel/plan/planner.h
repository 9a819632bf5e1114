// Makes the ops of a resolved tree: picks each op's function by what is known, and folds what is constant.
#pragma once

#include <string>
#include <vector>

#include "lib/policy/cel/check/checker.h"
#include "lib/policy/cel/environment.h"
#include "lib/policy/cel/plan/plan.h"

namespace agentos::cel {

class Planner {
 public:
  Planner(Plan& plan, const Environment& environment, const Limits& limits, CheckMode mode)
      : plan_(plan), environment_(environment), limits_(limits), mode_(mode) {}
  std::vector<Issue> run();  // empty when the plan is made

 private:
  const Op* plan(NodeId id);
  const Op* plan_node(NodeId id);
  const Op* plan_literal(NodeId id);
  const Op* plan_identifier(NodeId id);
  const Op* plan_select(NodeId id);
  const Op* plan_entries(NodeId id);

  // calls
  const Op* plan_call(NodeId id);
  const Op* plan_operator(NodeId id);  // nullptr when the call is of a function
  const Op* plan_logical(NodeId id, Op::Run run);
  const Op* plan_unary(NodeId id, Op::Run run);
  const Op* plan_binary(NodeId id, Op::Run run, const Op* left, const Op* right);
  const Op* plan_equality(NodeId id, bool wanted);
  const Op* plan_comparison(NodeId id);
  const Op* plan_in(NodeId id);
  const Op* plan_function(NodeId id);
  const Op* plan_known_function(NodeId id, std::span<const Op* const> operands);
  const Op* plan_matches(NodeId id, std::span<const Op* const> operands);
  std::vector<Candidate> candidates(const Node& node, const Function& function, std::size_t count) const;

  // loops
  struct Step {
    NodeId filter = kNoNode;
    NodeId body = kNoNode;
  };
  const Op* plan_loop(NodeId id);
  const Op* plan_bind(NodeId id);
  const Op* plan_fold(NodeId id);
  const Op* plan_simple_loop(NodeId id, Op::Run run, Step step);
  bool is_accumulator(const Comprehension& loop, NodeId id) const;
  bool is_call(NodeId id, std::string_view function, std::size_t arguments) const;
  bool is_literal(NodeId id, const Literal& literal) const;
  bool is_empty(NodeId id, NodeKind kind) const;
  Step appended(const Comprehension& loop) const;  // of map() and its like; body is kNoNode when it is none
  std::pair<Op::Run, Step> recognise(const Comprehension& loop) const;
  std::pair<Op::Run, Step> recognise_insertion(const Comprehension& loop) const;

  // parts
  template <class T>
  T* make(NodeId id, Op::Run run);
  const Op* constant(NodeId id, Value value);
  const Op* error(NodeId id, std::string_view message);
  const Op* fold(NodeId id, const Op* op, std::span<const Op* const> operands);
  Operands keep(std::span<const Op* const> operands);
  bool copy(Value& value, std::size_t& budget);  // into the plan's storage; false beyond the budget
  bool copy_map(Value& value, std::size_t& budget);
  const MapTable* literal_set(Value list);
  void issue(NodeId id, std::string message, std::string hint = {});
  std::uint32_t open_local(const std::string& name);
  void close_locals(std::size_t count) { locals_.resize(locals_.size() - count); }
  const Node& node(NodeId id) const { return plan_.ast[id]; }

  Plan& plan_;
  const Environment& environment_;
  const Limits& limits_;
  CheckMode mode_;
  std::vector<std::string> locals_;
  std::vector<Issue> issues_;
  Scratch folding_{{.steps_max = 20'000, .scratch_bytes_max = 256 << 10}};
};

template <class T>
T* Planner::make(NodeId id, Op::Run run) {
  T* op = plan_.storage.make(T{});
  CHECK(op != nullptr);
  op->run = run;
  op->line = node(id).position.line;
  op->column = node(id).position.column;
  return op;
}

inline bool is_constant(const Op* op, ValueKind kind) {
  return op->is_constant && static_cast<const ConstantOp*>(op)->value.is(kind);
}
inline Value constant_value(const Op* op) { return static_cast<const ConstantOp*>(op)->value; }

}  // namespace agentos::cel
