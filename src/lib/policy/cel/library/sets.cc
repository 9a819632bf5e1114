// Lists as sets: sets.contains, sets.equivalent, sets.intersects. Source: cel-go's sets extension.
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

// Whether all elements of `few` are in `many`, and whether one is.
struct Overlap {
  bool all = true;
  bool any = false;
};

Overlap overlap(Scratch& scratch, Value many, Value few) {
  Overlap found;
  for (std::uint32_t i = 0; i < list_size(few) && !scratch.is_exhausted(); ++i) {
    const bool inside = contains_element(scratch, list_element(few, i, scratch), many).is_true();
    found.all = found.all && inside;
    found.any = found.any || inside;
  }
  return found;
}

Value set_contains(const CallContext& context, Arguments arguments) {
  return Value::boolean(overlap(context.scratch, arguments[0], arguments[1]).all);
}
Value equivalent(const CallContext& context, Arguments arguments) {
  return Value::boolean(overlap(context.scratch, arguments[0], arguments[1]).all &&
                        overlap(context.scratch, arguments[1], arguments[0]).all);
}
Value intersects(const CallContext& context, Arguments arguments) {
  return Value::boolean(overlap(context.scratch, arguments[0], arguments[1]).any);
}

}  // namespace

Rows set_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  return {
      {"list_sets_contains_list", "sets.contains", kGlobal, "list(T),list(T)", "bool", set_contains},
      {"list_sets_equivalent_list", "sets.equivalent", kGlobal, "list(T),list(T)", "bool", equivalent},
      {"list_sets_intersects_list", "sets.intersects", kGlobal, "list(T),list(T)", "bool", intersects},
  };
}

}  // namespace agentos::cel
