// Comprehensions: one function for each form the macros make, and one for any other.
//
// A loop pays for its body at each element, so that no input keeps it busy beyond the budget.
#include "lib/policy/cel/library/scratch_text.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/op.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

// The elements of a range, one after the other, as the loop's variables.
class Elements {
 public:
  Elements(const LoopOp& op, Frame& frame) : op_(op), frame_(frame), range_(evaluate(op.range, frame)) {
    if (range_.is(ValueKind::kList)) {
      size_ = list_size(range_);
    } else if (range_.is(ValueKind::kMap)) {
      size_ = map_size(range_);
    } else if (!range_.is_error()) {
      range_ = placed(op, frame, fault(frame.scratch, "no such overload: {} has no elements", type_name_of(range_)));
    }
  }

  bool failed() const { return range_.is_error(); }
  Value error() const { return range_; }

  // Sets the variables to the next element; false at the end or when the budget is used up.
  bool next() {
    if (place_ >= size_ || !frame_.scratch.take_steps(op_.turn_weight)) return false;
    const std::uint32_t index = place_++;
    if (range_.is(ValueKind::kList)) {
      const Value element = list_element(range_, index, frame_.scratch);
      if (op_.has_second) {
        frame_.locals[op_.variable] = Value::integer(index);
        frame_.locals[op_.second] = element;
      } else {
        frame_.locals[op_.variable] = element;
      }
    } else {
      const MapEntry entry = map_entry(range_, index, frame_.scratch);
      frame_.locals[op_.variable] = entry.key;
      if (op_.has_second) frame_.locals[op_.second] = entry.value;
    }
    return true;
  }

 private:
  const LoopOp& op_;
  Frame& frame_;
  Value range_;
  std::uint32_t size_ = 0;
  std::uint32_t place_ = 0;
};

template <bool deciding>
Value quantify(const Op& base, Frame& frame) {
  const auto& op = static_cast<const LoopOp&>(base);
  Elements elements(op, frame);
  if (elements.failed()) return elements.error();
  Value error;
  while (elements.next()) {
    const Value value = evaluate(op.body, frame);
    if (value.is(ValueKind::kBool)) [[likely]] {
      if (value.as_bool() == deciding) return value;
    } else if (error.is_absent()) {
      error = not_bool(*op.body, frame, value);
    }
  }
  return error.is_absent() ? Value::boolean(!deciding) : error;
}

// Whether the element at hand is wanted: a bool, or the error of finding out.
Value wanted(const LoopOp& op, Frame& frame) {
  if (op.filter == nullptr) return Value::boolean(true);
  const Value value = evaluate(op.filter, frame);
  return value.is(ValueKind::kBool) ? value : not_bool(*op.filter, frame, value);
}

}  // namespace

Value run_all(const Op& op, Frame& frame) { return quantify<false>(op, frame); }
Value run_exists(const Op& op, Frame& frame) { return quantify<true>(op, frame); }

Value run_exists_one(const Op& base, Frame& frame) {
  const auto& op = static_cast<const LoopOp&>(base);
  Elements elements(op, frame);
  if (elements.failed()) return elements.error();
  std::uint32_t count = 0;
  while (elements.next()) {
    const Value value = evaluate(op.body, frame);
    if (!value.is(ValueKind::kBool)) return not_bool(*op.body, frame, value);
    count += value.as_bool() ? 1 : 0;
  }
  return Value::boolean(count == 1);
}

Value run_collect(const Op& base, Frame& frame) {
  const auto& op = static_cast<const LoopOp&>(base);
  Elements elements(op, frame);
  if (elements.failed()) return elements.error();
  ScratchList collected(frame.scratch);
  while (elements.next()) {
    const Value taken = wanted(op, frame);
    if (taken.is_error()) return taken;
    if (!taken.as_bool()) continue;
    const Value value = evaluate(op.body, frame);
    if (value.is_error()) return value;
    collected.push(value);
  }
  return finish(collected);
}

Value run_collect_map(const Op& base, Frame& frame) {
  const auto& op = static_cast<const LoopOp&>(base);
  Elements elements(op, frame);
  if (elements.failed()) return elements.error();
  ScratchArray<MapEntry> collected(frame.scratch);
  while (elements.next()) {
    const Value taken = wanted(op, frame);
    if (taken.is_error()) return taken;
    if (!taken.as_bool()) continue;
    const Value value = evaluate(op.body, frame);
    if (value.is_error()) return value;
    collected.push({frame.locals[op.variable], value});
  }
  return collected.failed() ? out_of_memory() : placed(op, frame, make_map(frame.scratch, collected.span()));
}

Value run_merge_maps(const Op& base, Frame& frame) {
  const auto& op = static_cast<const LoopOp&>(base);
  Elements elements(op, frame);
  if (elements.failed()) return elements.error();
  ScratchArray<MapEntry> collected(frame.scratch);
  while (elements.next()) {
    const Value taken = wanted(op, frame);
    if (taken.is_error()) return taken;
    if (!taken.as_bool()) continue;
    const Value map = evaluate(op.body, frame);
    if (map.is_error()) return map;
    if (!map.is(ValueKind::kMap)) return placed(op, frame, no_overload(frame.scratch, "transformMapEntry", map));
    for (std::uint32_t i = 0; i < map_size(map) && !collected.failed(); ++i)
      collected.push(map_entry(map, i, frame.scratch));
  }
  return collected.failed() ? out_of_memory() : placed(op, frame, make_map(frame.scratch, collected.span()));
}

Value run_bind(const Op& base, Frame& frame) {
  const auto& op = static_cast<const LoopOp&>(base);
  const Value value = evaluate(op.initial, frame);
  frame.locals[op.accumulator] = value;  // an error too: it counts only where the name is read
  return evaluate(op.result, frame);
}

Value run_fold(const Op& base, Frame& frame) {
  const auto& op = static_cast<const LoopOp&>(base);
  Elements elements(op, frame);
  if (elements.failed()) return elements.error();
  frame.locals[op.accumulator] = evaluate(op.initial, frame);
  while (elements.next()) {
    const Value go_on = evaluate(op.condition, frame);
    if (!go_on.is(ValueKind::kBool)) return not_bool(*op.condition, frame, go_on);
    if (!go_on.as_bool()) break;
    frame.locals[op.accumulator] = evaluate(op.body, frame);
  }
  return evaluate(op.result, frame);
}

}  // namespace agentos::cel
