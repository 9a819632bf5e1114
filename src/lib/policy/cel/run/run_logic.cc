// Logic: an operand that decides absorbs the errors of the others, whatever their order.
#include "lib/policy/cel/run/op.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

template <bool deciding>
Value combine(const Op& base, Frame& frame) {
  const auto& op = static_cast<const ManyOp&>(base);
  Value error;
  for (const Op* operand : op.operands) {
    const Value value = evaluate(operand, frame);
    if (value.is(ValueKind::kBool)) [[likely]] {
      if (value.as_bool() == deciding) return value;
    } else if (error.is_absent()) {
      error = not_bool(*operand, frame, value);
    }
  }
  return error.is_absent() ? Value::boolean(!deciding) : error;
}

}  // namespace

Value not_bool(const Op& op, Frame& frame, Value value) {
  if (value.is_error()) return value;
  return placed(op, frame,
                fault(frame.scratch, "no such overload: bool is needed here, this is {}", type_name_of(value)));
}

Value run_and(const Op& op, Frame& frame) { return combine<false>(op, frame); }
Value run_or(const Op& op, Frame& frame) { return combine<true>(op, frame); }

Value run_not(const Op& base, Frame& frame) {
  const Value value = evaluate(static_cast<const UnaryOp&>(base).operand, frame);
  return value.is(ValueKind::kBool) ? Value::boolean(!value.as_bool()) : not_bool(base, frame, value);
}

Value run_conditional(const Op& base, Frame& frame) {
  const auto& op = static_cast<const ConditionalOp&>(base);
  const Value condition = evaluate(op.condition, frame);
  if (!condition.is(ValueKind::kBool)) return not_bool(*op.condition, frame, condition);
  return evaluate(condition.as_bool() ? op.chosen : op.otherwise, frame);
}

Value run_not_strictly_false(const Op& base, Frame& frame) {
  const Value value = evaluate(static_cast<const UnaryOp&>(base).operand, frame);
  return Value::boolean(!value.is(ValueKind::kBool) || value.as_bool());
}

}  // namespace agentos::cel
