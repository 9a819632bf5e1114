// Arithmetic, indexing, literals with parts, and calls of functions.
#include "base/regex/pattern.h"
#include "lib/policy/cel/library/scratch_text.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/op.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

using Operation = Value (*)(Scratch&, Value, Value);

template <Operation operation>
Value binary(const Op& base, Frame& frame) {
  const auto& op = static_cast<const BinaryOp&>(base);
  const Value left = evaluate(op.left, frame);
  if (left.is_error()) return left;
  const Value right = evaluate(op.right, frame);
  if (right.is_error()) return right;
  const Value result = operation(frame.scratch, left, right);
  return result.is_error() ? placed(op, frame, result) : result;
}

Value find_in(Scratch& scratch, Value container, Value key) {
  if (container.is(ValueKind::kRecord) && key.is(ValueKind::kString))
    return select_field(scratch, container, key.text());
  return find_element(scratch, container, key);
}

// container[?key], and container[key] of an optional container.
Value optional_element(Scratch& scratch, Value container, Value key) {
  if (container.is(ValueKind::kOptional)) {
    if (container.optional_value() == nullptr) return container;
    container = *container.optional_value();
  }
  const Value found = find_in(scratch, container, key);
  if (found.is_absent()) return Value::optional(nullptr);
  return found.is_error() ? found : scratch.optional(found);
}

Value element(Scratch& scratch, Value container, Value key) {
  if (container.is(ValueKind::kOptional)) return optional_element(scratch, container, key);
  return index_value(scratch, container, key);
}

// What a list or map literal takes of an entry's value: absent leaves the entry out.
Value entry_value(const Op& op, Frame& frame, const EntryOp& entry) {
  const Value value = evaluate(entry.value, frame);
  if (!entry.optional || value.is_error()) return value;
  if (!value.is(ValueKind::kOptional))
    return placed(op, frame,
                  fault(frame.scratch, "no such overload: '?' needs an optional, this is {}", type_name_of(value)));
  return value.optional_value() == nullptr ? Value() : *value.optional_value();
}

bool takes(const Candidate& candidate, std::span<const Value> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if ((candidate.kinds[i] >> static_cast<unsigned>(arguments[i].kind()) & 1) == 0) return false;
  return true;
}

Value no_candidate(const CallOp& op, Frame& frame, std::span<const Value> arguments) {
  ScratchText types(frame.scratch);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) types.append(", ");
    types.append(type_name_of(arguments[i]));
  }
  return placed(op, frame, fault(frame.scratch, "no such overload: {}({})", op.name, types.view()));
}

}  // namespace

Value run_add(const Op& op, Frame& frame) { return binary<add>(op, frame); }
Value run_subtract(const Op& op, Frame& frame) { return binary<subtract>(op, frame); }
Value run_multiply(const Op& op, Frame& frame) { return binary<multiply>(op, frame); }
Value run_divide(const Op& op, Frame& frame) { return binary<divide>(op, frame); }
Value run_modulo(const Op& op, Frame& frame) { return binary<modulo>(op, frame); }
Value run_index(const Op& op, Frame& frame) { return binary<element>(op, frame); }
Value run_optional_index(const Op& op, Frame& frame) { return binary<optional_element>(op, frame); }

Value run_list(const Op& base, Frame& frame) {
  const auto& op = static_cast<const EntriesOp&>(base);
  const std::span<Value> elements = frame.scratch.make_array<Value>(op.entries.size());
  if (elements.size() != op.entries.size()) return out_of_memory();
  std::size_t count = 0;
  for (const EntryOp& entry : op.entries) {
    const Value value = entry_value(op, frame, entry);
    if (value.is_error()) return value;
    if (!value.is_absent()) elements[count++] = value;
  }
  return Value::list(elements.first(count));
}

Value run_map(const Op& base, Frame& frame) {
  const auto& op = static_cast<const EntriesOp&>(base);
  const std::span<MapEntry> entries = frame.scratch.make_array<MapEntry>(op.entries.size());
  if (entries.size() != op.entries.size()) return out_of_memory();
  std::size_t count = 0;
  for (const EntryOp& entry : op.entries) {
    const Value key = evaluate(entry.key, frame);
    if (key.is_error()) return key;
    const Value value = entry_value(op, frame, entry);
    if (value.is_error()) return value;
    if (!value.is_absent()) entries[count++] = {key, value};
  }
  return placed(op, frame, make_map(frame.scratch, entries.first(count)));
}

Value run_or_optional(const Op& base, Frame& frame) {
  const auto& op = static_cast<const BinaryOp&>(base);
  const Value left = evaluate(op.left, frame);
  if (left.is_error() || (left.is(ValueKind::kOptional) && left.optional_value() != nullptr)) return left;
  if (!left.is(ValueKind::kOptional)) return placed(op, frame, no_overload(frame.scratch, "or", left));
  const Value right = evaluate(op.right, frame);
  if (right.is_error() || right.is(ValueKind::kOptional)) return right;
  return placed(op, frame, no_overload(frame.scratch, "or", left, right));
}

Value run_or_value(const Op& base, Frame& frame) {
  const auto& op = static_cast<const BinaryOp&>(base);
  const Value left = evaluate(op.left, frame);
  if (left.is_error()) return left;
  if (!left.is(ValueKind::kOptional)) return placed(op, frame, no_overload(frame.scratch, "orValue", left));
  return left.optional_value() != nullptr ? *left.optional_value() : evaluate(op.right, frame);
}

Value run_call(const Op& base, Frame& frame) {
  const auto& op = static_cast<const CallOp&>(base);
  Value values[kArgumentsMax];
  for (std::size_t i = 0; i < op.operands.size(); ++i) {
    values[i] = evaluate(op.operands[i], frame);
    if (values[i].is_error()) return values[i];
  }
  const std::span<const Value> arguments(values, op.operands.size());
  for (const Candidate& candidate : op.candidates) {
    if (!takes(candidate, arguments)) continue;
    const Value result = candidate.function({frame.scratch, candidate.state}, arguments);
    if (result.is_absent()) return placed(op, frame, fault(frame.scratch, "{}() gave no value", op.name));
    return result.is_error() ? placed(op, frame, result) : result;
  }
  return no_candidate(op, frame, arguments);
}

Value run_starts_with(const Op& base, Frame& frame) {
  const auto& op = static_cast<const AgainstOp&>(base);
  const Value value = evaluate(op.operand, frame);
  if (value.is(ValueKind::kString)) return Value::boolean(value.text().starts_with(op.constant.text()));
  return value.is_error() ? value : placed(op, frame, no_overload(frame.scratch, "startsWith", value, op.constant));
}

Value run_matches(const Op& base, Frame& frame) {
  const auto& op = static_cast<const MatchOp&>(base);
  const Value value = evaluate(op.operand, frame);
  if (value.is_error()) return value;
  if (!value.is(ValueKind::kString)) return placed(op, frame, no_overload(frame.scratch, "matches", value));
  if (!frame.scratch.take_steps(1 + value.text().size() / 4)) return out_of_memory();
  return Value::boolean(op.pattern->search(value.text()));
}

}  // namespace agentos::cel
