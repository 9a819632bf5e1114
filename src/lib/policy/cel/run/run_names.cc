// Reading variables and fields.
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/op.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

Value missing(const FieldOp& op, Frame& frame, Value operand) {
  if (operand.is(ValueKind::kMap)) return placed(op, frame, fault(frame.scratch, "no such key: '{}'", op.name));
  return placed(op, frame, fault(frame.scratch, "no such field: '{}' is absent", op.name));
}

Value field_of(const FieldOp& op, Frame& frame, Value operand) {
  Value found;
  if (operand.is(ValueKind::kRecord) && operand.storage() == Storage::kNative && operand.fields().shape == op.shape) {
    const std::span<const Value> values = operand.fields().values;
    if (op.index < values.size()) found = values[op.index];
  } else if (operand.is(ValueKind::kRecord) && operand.storage() == Storage::kHost &&
             &operand.host_record().shape() == op.shape) {
    found = operand.host_record().field(op.index, frame.scratch);
  } else if (operand.is(ValueKind::kMap) || operand.is(ValueKind::kRecord)) {
    found = select_field(frame.scratch, operand, op.name);
  } else {
    return operand.is_error() ? operand : placed(op, frame, select_field(frame.scratch, operand, op.name));
  }
  if (!found.is_absent() && !found.is_error()) [[likely]]
    return found;
  return found.is_absent() ? missing(op, frame, operand) : placed(op, frame, found);
}

// The field of what an optional holds, as an optional.
Value optional_field(const FieldOp& op, Frame& frame, Value operand) {
  if (operand.is(ValueKind::kOptional)) {
    if (operand.optional_value() == nullptr) return operand;
    operand = *operand.optional_value();
  }
  const Value found = select_field(frame.scratch, operand, op.name);
  if (found.is_absent()) return Value::optional(nullptr);
  return found.is_error() ? placed(op, frame, found) : frame.scratch.optional(found);
}

}  // namespace

Value placed(const Op& op, Frame& frame, Value error) {
  if (!error.is_error() || error.evaluation_error().line != 0 || frame.scratch.is_exhausted()) return error;
  const EvaluationError* made =
      frame.scratch.make(EvaluationError{error.evaluation_error().message, op.line, op.column});
  return made == nullptr ? error : Value::error(*made);
}

Value run_constant(const Op& op, Frame&) { return static_cast<const ConstantOp&>(op).value; }

Value run_variable(const Op& base, Frame& frame) {
  const auto& op = static_cast<const VariableOp&>(base);
  const Value value = frame.activation.variable(op.slot, frame.scratch);
  if (!value.is_absent()) [[likely]]
    return value.is_error() ? placed(op, frame, value) : value;
  return placed(op, frame, fault(frame.scratch, "no such variable: '{}' has no value", op.name));
}

Value run_local(const Op& op, Frame& frame) { return frame.locals[static_cast<const LocalOp&>(op).index]; }

Value run_field(const Op& base, Frame& frame) {
  const auto& op = static_cast<const FieldOp&>(base);
  return field_of(op, frame, evaluate(op.operand, frame));
}

Value run_variable_field(const Op& base, Frame& frame) {
  const auto& op = static_cast<const FieldOp&>(base);
  const Value operand = frame.activation.variable(op.slot, frame.scratch);
  return operand.is_absent() ? run_variable(*op.operand, frame) : field_of(op, frame, operand);
}

Value run_named_field(const Op& base, Frame& frame) {
  const auto& op = static_cast<const FieldOp&>(base);
  const Value operand = evaluate(op.operand, frame);
  return operand.is(ValueKind::kOptional) ? optional_field(op, frame, operand) : field_of(op, frame, operand);
}

Value run_optional_field(const Op& base, Frame& frame) {
  const auto& op = static_cast<const FieldOp&>(base);
  const Value operand = evaluate(op.operand, frame);
  return operand.is_error() ? operand : optional_field(op, frame, operand);
}

Value run_test(const Op& base, Frame& frame) {
  const auto& op = static_cast<const FieldOp&>(base);
  Value operand = evaluate(op.operand, frame);
  if (operand.is(ValueKind::kOptional)) {
    if (operand.optional_value() == nullptr) return Value::boolean(false);
    operand = *operand.optional_value();
  }
  if (operand.is_error()) return operand;
  const Value found = select_field(frame.scratch, operand, op.name);
  return found.is_error() ? placed(op, frame, found) : Value::boolean(!found.is_absent());
}

Value run_to_double(const Op& base, Frame& frame) {
  const Value value = evaluate(static_cast<const UnaryOp&>(base).operand, frame);
  return value.is(ValueKind::kInt) ? Value::floating(static_cast<double>(value.as_int())) : value;
}

Value run_to_uint(const Op& base, Frame& frame) {
  const Value value = evaluate(static_cast<const UnaryOp&>(base).operand, frame);
  return value.is(ValueKind::kInt) && value.as_int() >= 0 ? Value::unsigned_integer(value.as_uint()) : value;
}

}  // namespace agentos::cel
