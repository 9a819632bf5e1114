// Functions of lists. Source: cel-go's lists extension.
#include <algorithm>

#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/library/scratch_text.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

constexpr int kFlattenDepthMax = 64;

Value slice(const CallContext& context, Arguments arguments) {
  const std::int64_t size = list_size(arguments[0]);
  const std::int64_t start = arguments[1].as_int(), end = arguments[2].as_int();
  if (start < 0 || end < 0)
    return fault(context.scratch, "cannot slice({}, {}), negative indexes not supported", start, end);
  if (start > end)
    return fault(context.scratch, "cannot slice({}, {}), start index must be less than or equal to end index", start,
                 end);
  if (end > size) return fault(context.scratch, "cannot slice({}, {}), list is length {}", start, end, size);
  ScratchList part(context.scratch);
  for (std::int64_t i = start; i < end; ++i)
    part.push(list_element(arguments[0], static_cast<std::uint32_t>(i), context.scratch));
  return finish(part);
}

void flatten_into(Scratch& scratch, Value list, std::int64_t depth, int nesting, ScratchList& flat) {
  for (std::uint32_t i = 0; i < list_size(list) && scratch.take_steps(1); ++i) {
    const Value element = list_element(list, i, scratch);
    if (element.is(ValueKind::kList) && depth > 0 && nesting < kFlattenDepthMax) {
      flatten_into(scratch, element, depth - 1, nesting + 1, flat);
    } else {
      flat.push(element);
    }
  }
}

Value flatten(const CallContext& context, Arguments arguments) {
  const std::int64_t depth = arguments.size() == 2 ? arguments[1].as_int() : 1;
  if (depth < 0) return fault(context.scratch, "level must be non-negative");
  ScratchList flat(context.scratch);
  flatten_into(context.scratch, arguments[0], depth, 0, flat);
  return finish(flat);
}

Value distinct(const CallContext& context, Arguments arguments) {
  ScratchList kept(context.scratch);
  for (std::uint32_t i = 0; i < list_size(arguments[0]); ++i) {
    const Value element = list_element(arguments[0], i, context.scratch);
    bool seen = false;
    for (const Value& other : kept.span()) seen = seen || equal(element, other, context.scratch);
    if (context.scratch.is_exhausted()) return out_of_memory();
    if (!seen) kept.push(element);
  }
  return finish(kept);
}

Value reverse_list(const CallContext& context, Arguments arguments) {
  ScratchList reversed(context.scratch);
  for (std::uint32_t i = list_size(arguments[0]); i-- > 0;)
    reversed.push(list_element(arguments[0], i, context.scratch));
  return finish(reversed);
}

Value range(const CallContext& context, Arguments arguments) {
  ScratchList numbers(context.scratch);
  for (std::int64_t i = 0; i < arguments[0].as_int() && !numbers.failed(); ++i) numbers.push(Value::integer(i));
  return finish(numbers);
}

struct Keyed {
  Value key;
  Value value;
  std::uint32_t place;
};

Value sort_keyed(Scratch& scratch, std::span<Keyed> elements) {
  if (elements.empty()) return Value::list(std::span<const Value>());
  const ValueKind kind = elements[0].key.kind();
  for (const Keyed& element : elements) {
    if (element.key.kind() != kind) return fault(scratch, "list elements must have the same type");
    if (order(element.key, element.key) == Order::kIncomparable)
      return fault(scratch, "list elements must be comparable");
  }
  std::size_t longest = 0;
  if (kind == ValueKind::kString || kind == ValueKind::kBytes) {
    for (const Keyed& element : elements) longest = std::max(longest, element.key.text().size());
  }
  std::uint64_t cost = 1;
  for (std::size_t rest = elements.size(); rest > 0; rest /= 2) cost += elements.size();
  if (!scratch.take_steps(cost * (1 + longest / kComparedBytesAStep))) return out_of_memory();
  std::ranges::sort(elements, [](const Keyed& a, const Keyed& b) {  // NaN goes last, so that the order is total
    const Order found = order(a.key, b.key);
    if (found == Order::kUnordered) {
      const bool a_nan = order(a.key, a.key) == Order::kUnordered, b_nan = order(b.key, b.key) == Order::kUnordered;
      return a_nan != b_nan ? b_nan : a.place < b.place;
    }
    return found == Order::kLess || (found == Order::kEqual && a.place < b.place);
  });
  ScratchList sorted(scratch);
  for (const Keyed& element : elements) sorted.push(element.value);
  return finish(sorted);
}

Value sort_by_keys(const CallContext& context, Arguments arguments) {
  const Value keys = arguments.back();
  if (list_size(arguments[0]) != list_size(keys)) return fault(context.scratch, "as many keys as elements are needed");
  ScratchArray<Keyed> keyed(context.scratch);
  for (std::uint32_t i = 0; i < list_size(keys); ++i)
    keyed.push({list_element(keys, i, context.scratch), list_element(arguments[0], i, context.scratch), i});
  return keyed.failed() ? out_of_memory() : sort_keyed(context.scratch, keyed.span());
}

Value end_element(const CallContext& context, Value list, bool last) {
  const std::uint32_t size = list_size(list);
  if (size == 0) return Value::optional(nullptr);
  return context.scratch.optional(list_element(list, last ? size - 1 : 0, context.scratch));
}
Value first(const CallContext& context, Arguments arguments) { return end_element(context, arguments[0], false); }
Value last(const CallContext& context, Arguments arguments) { return end_element(context, arguments[0], true); }

}  // namespace

Rows list_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  constexpr auto kMember = CallStyle::kMember;
  return {
      {"list_slice", "slice", kMember, "list(T),int,int", "list(T)", slice},
      {"list_flatten", "flatten", kMember, "list(list(T))", "list(T)", flatten},
      {"list_flatten_dyn", "flatten", kMember, "list(dyn)", "list(dyn)", flatten},
      {"list_flatten_int", "flatten", kMember, "list(dyn),int", "list(dyn)", flatten},
      {"list_distinct", "distinct", kMember, "list(T)", "list(T)", distinct},
      {"list_reverse", "reverse", kMember, "list(T)", "list(T)", reverse_list},
      {"lists_range", "lists.range", kGlobal, "int", "list(int)", range},
      {"list_sort", "sort", kMember, "list(T)", "list(T)", sort_by_keys},
      {"list_sort_by_keys", "@sortByAssociatedKeys", kMember, "list(T),list(U)", "list(T)", sort_by_keys},
      {"list_first", "first", kMember, "list(T)", "optional(T)", first},
      {"list_last", "last", kMember, "list(T)", "optional(T)", last},
  };
}

}  // namespace agentos::cel
