// Comparisons, with shorter ways for strings and ints against constants.
#include <cstring>

#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/op.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

struct Pair {
  Value left;
  Value right;
  // The first error of the two, else absent.
  Value error() const { return left.is_error() ? left : right.is_error() ? right : Value(); }
  bool has_error() const { return left.is_error() || right.is_error(); }
};

Pair operands(const BinaryOp& op, Frame& frame) {
  const Value left = evaluate(op.left, frame);
  if (left.is_error()) return {left, Value()};
  return {left, evaluate(op.right, frame)};
}

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

template <bool wanted>
Value equality(const Op& base, Frame& frame) {
  const Pair pair = operands(static_cast<const BinaryOp&>(base), frame);
  if (pair.has_error()) return pair.error();
  return Value::boolean(equal(pair.left, pair.right, frame.scratch) == wanted);
}

template <bool wanted>
Value text_equality(const Op& base, Frame& frame) {
  const auto& op = static_cast<const AgainstOp&>(base);
  const Value value = evaluate(op.operand, frame);
  if (value.is(ValueKind::kString)) [[likely]] {
    const std::size_t size = op.constant.text().size();
    if (size >= kComparedBytesAStep && !frame.scratch.take_steps(size / kComparedBytesAStep)) return out_of_memory();
    return Value::boolean(same_text(value.text(), op.constant.text()) == wanted);
  }
  return value.is_error() ? value : Value::boolean(!wanted);
}

using Accepts = bool (*)(Order);
constexpr bool less(Order order) { return order == Order::kLess; }
constexpr bool less_equal(Order order) { return order == Order::kLess || order == Order::kEqual; }
constexpr bool greater(Order order) { return order == Order::kGreater; }
constexpr bool greater_equal(Order order) { return order == Order::kGreater || order == Order::kEqual; }

Value compare_slowly(const Op& op, Frame& frame, Value left, Value right, Accepts accepts) {
  if (left.is_error()) return left;
  if (right.is_error()) return right;
  if (left.is(ValueKind::kString) || left.is(ValueKind::kBytes)) {
    if (!frame.scratch.take_steps(left.text().size() / 64)) return out_of_memory();
  }
  const Order found = order(left, right);
  if (found == Order::kIncomparable)
    return placed(
        op, frame,
        fault(frame.scratch, "no such overload: {} and {} have no order", type_name_of(left), type_name_of(right)));
  return Value::boolean(accepts(found));
}

template <Accepts accepts>
Value comparison(const Op& base, Frame& frame) {
  const Pair pair = operands(static_cast<const BinaryOp&>(base), frame);
  return compare_slowly(base, frame, pair.left, pair.right, accepts);
}

template <Accepts accepts>
Value comparison_with_int(const Op& base, Frame& frame) {
  const auto& op = static_cast<const AgainstOp&>(base);
  const Value value = evaluate(op.operand, frame);
  if (value.is(ValueKind::kInt)) [[likely]] {
    const std::int64_t a = value.as_int(), b = op.constant.as_int();
    return Value::boolean(accepts(a < b ? Order::kLess : a > b ? Order::kGreater : Order::kEqual));
  }
  return compare_slowly(base, frame, value, op.constant, accepts);
}

}  // namespace

Value run_equal(const Op& op, Frame& frame) { return equality<true>(op, frame); }
Value run_not_equal(const Op& op, Frame& frame) { return equality<false>(op, frame); }
Value run_equal_text(const Op& op, Frame& frame) { return text_equality<true>(op, frame); }
Value run_not_equal_text(const Op& op, Frame& frame) { return text_equality<false>(op, frame); }

Value run_equal_int(const Op& base, Frame& frame) {
  const auto& op = static_cast<const AgainstOp&>(base);
  const Value value = evaluate(op.operand, frame);
  if (value.is(ValueKind::kInt)) [[likely]]
    return Value::boolean(value.as_int() == op.constant.as_int());
  return value.is_error() ? value : Value::boolean(equal(value, op.constant, frame.scratch));
}

Value run_less(const Op& op, Frame& frame) { return comparison<less>(op, frame); }
Value run_less_equal(const Op& op, Frame& frame) { return comparison<less_equal>(op, frame); }
Value run_greater(const Op& op, Frame& frame) { return comparison<greater>(op, frame); }
Value run_greater_equal(const Op& op, Frame& frame) { return comparison<greater_equal>(op, frame); }
Value run_less_int(const Op& op, Frame& frame) { return comparison_with_int<less>(op, frame); }
Value run_less_equal_int(const Op& op, Frame& frame) { return comparison_with_int<less_equal>(op, frame); }
Value run_greater_int(const Op& op, Frame& frame) { return comparison_with_int<greater>(op, frame); }
Value run_greater_equal_int(const Op& op, Frame& frame) { return comparison_with_int<greater_equal>(op, frame); }

Value run_in(const Op& base, Frame& frame) {
  const Pair pair = operands(static_cast<const BinaryOp&>(base), frame);
  if (pair.has_error()) return pair.error();
  return placed(base, frame, contains_element(frame.scratch, pair.left, pair.right));
}

Value run_in_set(const Op& base, Frame& frame) {
  const auto& op = static_cast<const SetOp&>(base);
  const Value value = evaluate(op.operand, frame);
  if (value.is_error()) return value;
  return Value::boolean(!map_find(Value::map(*op.set), value, frame.scratch).is_absent());
}

}  // namespace agentos::cel
