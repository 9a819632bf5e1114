// A compiled expression is a tree of Ops, each a function and its operands. Evaluating is calling the root's function.
//
// Ops are immutable and trivially destructible; they lie in their Plan's storage. No op is virtual and none asks what
// it is: what can be known is decided when the plan is made, by choosing the function.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lib/policy/cel/activation.h"
#include "lib/policy/cel/environment.h"
#include "lib/policy/cel/scratch.h"
#include "lib/policy/cel/value.h"

namespace agentos::regex {
class Pattern;
}

namespace agentos::cel {

struct Frame {
  const Activation& activation;
  Scratch& scratch;
  Value* locals;  // variables of comprehensions
};

struct Op {
  using Run = Value (*)(const Op&, Frame&);
  Run run = nullptr;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t weight = 1;  // ops of this subtree that run once when it runs
  bool is_constant = false;
};

inline Value evaluate(const Op* op, Frame& frame) { return op->run(*op, frame); }

using Operands = std::span<const Op* const>;

struct ConstantOp : Op {
  Value value;
};

struct VariableOp : Op {
  std::uint32_t slot = 0;
  std::string_view name;
};

struct LocalOp : Op {
  std::uint32_t index = 0;
};

// Of a variable's or any operand's field; `index` and `shape` where the checked type is a record.
struct FieldOp : Op {
  const Op* operand = nullptr;
  std::string_view name;
  std::uint32_t slot = 0;
  std::uint32_t index = 0;
  const RecordShape* shape = nullptr;
};

struct UnaryOp : Op {
  const Op* operand = nullptr;
};

struct BinaryOp : Op {
  const Op* left = nullptr;
  const Op* right = nullptr;
};

// An operand against a constant.
struct AgainstOp : Op {
  const Op* operand = nullptr;
  Value constant;
};

struct ManyOp : Op {
  Operands operands;
};

struct SetOp : Op {
  const Op* operand = nullptr;
  const MapTable* set = nullptr;
};

struct ConditionalOp : Op {
  const Op* condition = nullptr;
  const Op* chosen = nullptr;
  const Op* otherwise = nullptr;
};

struct EntryOp {
  const Op* key = nullptr;
  const Op* value = nullptr;
  bool optional = false;
};

struct EntriesOp : Op {
  std::span<const EntryOp> entries;
};

inline constexpr std::size_t kArgumentsMax = 8;  // of a call

// An overload as a call sees it: which kinds of values it takes, and what it does with them.
struct Candidate {
  NativeFunction function = nullptr;
  const void* state = nullptr;
  std::uint32_t kinds[kArgumentsMax] = {};  // bit n: ValueKind n
};

struct CallOp : Op {
  std::string_view name;
  Operands operands;
  std::span<const Candidate> candidates;
};

struct MatchOp : Op {
  const Op* operand = nullptr;
  const regex::Pattern* pattern = nullptr;
};

struct LoopOp : Op {
  const Op* range = nullptr;
  const Op* filter = nullptr;  // nullptr: every element
  const Op* body = nullptr;
  const Op* initial = nullptr;    // of a general loop, and of a binding its value
  const Op* condition = nullptr;  // of a general loop
  const Op* result = nullptr;     // of a general loop, and of a binding its body
  std::uint32_t variable = 0;     // where they lie in the frame's locals
  std::uint32_t second = 0;
  std::uint32_t accumulator = 0;
  std::uint32_t turn_weight = 1;  // steps each element costs
  bool has_second = false;
};

// Gives an error without a place that of `op`.
Value placed(const Op& op, Frame& frame, Value error);
// The error that a value is where a bool belongs; errors pass.
Value not_bool(const Op& op, Frame& frame, Value value);

// Functions of ops, by what they are for.
Value run_constant(const Op&, Frame&);
Value run_variable(const Op&, Frame&);
Value run_local(const Op&, Frame&);
Value run_field(const Op&, Frame&);           // a record's, of any operand
Value run_variable_field(const Op&, Frame&);  // a record's, of a variable
Value run_named_field(const Op&, Frame&);     // of a map, an optional or a record met as dyn
Value run_test(const Op&, Frame&);            // has()
Value run_optional_field(const Op&, Frame&);
Value run_to_double(const Op&, Frame&);  // an int from JSON where the type is double
Value run_to_uint(const Op&, Frame&);

Value run_and(const Op&, Frame&);
Value run_or(const Op&, Frame&);
Value run_not(const Op&, Frame&);
Value run_conditional(const Op&, Frame&);
Value run_not_strictly_false(const Op&, Frame&);

Value run_equal(const Op&, Frame&);
Value run_not_equal(const Op&, Frame&);
Value run_equal_text(const Op&, Frame&);  // against a constant string
Value run_not_equal_text(const Op&, Frame&);
Value run_equal_int(const Op&, Frame&);  // against a constant int
Value run_less(const Op&, Frame&);
Value run_less_equal(const Op&, Frame&);
Value run_greater(const Op&, Frame&);
Value run_greater_equal(const Op&, Frame&);
Value run_less_int(const Op&, Frame&);  // against a constant int
Value run_less_equal_int(const Op&, Frame&);
Value run_greater_int(const Op&, Frame&);
Value run_greater_equal_int(const Op&, Frame&);

Value run_add(const Op&, Frame&);
Value run_subtract(const Op&, Frame&);
Value run_multiply(const Op&, Frame&);
Value run_divide(const Op&, Frame&);
Value run_modulo(const Op&, Frame&);

Value run_in(const Op&, Frame&);
Value run_in_set(const Op&, Frame&);
Value run_index(const Op&, Frame&);
Value run_optional_index(const Op&, Frame&);
Value run_or_optional(const Op&, Frame&);
Value run_or_value(const Op&, Frame&);
Value run_list(const Op&, Frame&);
Value run_map(const Op&, Frame&);
Value run_call(const Op&, Frame&);
Value run_starts_with(const Op&, Frame&);  // against a constant string
Value run_matches(const Op&, Frame&);

Value run_all(const Op&, Frame&);
Value run_exists(const Op&, Frame&);
Value run_exists_one(const Op&, Frame&);
Value run_collect(const Op&, Frame&);      // map, filter, transformList
Value run_collect_map(const Op&, Frame&);  // transformMap: body is the value, the key is the first variable
Value run_merge_maps(const Op&, Frame&);   // transformMapEntry: body is a map
Value run_bind(const Op&, Frame&);
Value run_fold(const Op&, Frame&);

}  // namespace agentos::cel
