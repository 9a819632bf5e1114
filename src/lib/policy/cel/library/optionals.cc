// Optional values. or() and orValue() evaluate their argument only when it is needed, so the evaluator has them.
//
// Source: cel-go's optional types.
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/library/scratch_text.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

Value none(const CallContext&, Arguments) { return Value::optional(nullptr); }
Value of(const CallContext& context, Arguments arguments) { return context.scratch.optional(arguments[0]); }
Value of_non_zero(const CallContext& context, Arguments arguments) {
  return is_zero_value(arguments[0]) ? Value::optional(nullptr) : context.scratch.optional(arguments[0]);
}
Value has_value(const CallContext&, Arguments arguments) {
  return Value::boolean(arguments[0].optional_value() != nullptr);
}
Value value(const CallContext& context, Arguments arguments) {
  const Value* inside = arguments[0].optional_value();
  return inside == nullptr ? fault(context.scratch, "optional.none() dereference") : *inside;
}
Value unwrap(const CallContext& context, Arguments arguments) {
  ScratchList values(context.scratch);
  for (std::uint32_t i = 0; i < list_size(arguments[0]); ++i) {
    const Value element = list_element(arguments[0], i, context.scratch);
    if (!context.scratch.take_steps(1)) return out_of_memory();
    if (!element.is(ValueKind::kOptional)) return no_overload(context.scratch, "optional.unwrap", element);
    if (element.optional_value() != nullptr) values.push(*element.optional_value());
  }
  return finish(values);
}

}  // namespace

Rows optional_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  constexpr auto kMember = CallStyle::kMember;
  return {
      {"optional_none", "optional.none", kGlobal, "", "optional(T)", none},
      {"optional_of", "optional.of", kGlobal, "T", "optional(T)", of},
      {"optional_ofNonZeroValue", "optional.ofNonZeroValue", kGlobal, "T", "optional(T)", of_non_zero},
      {"optional_hasValue", "hasValue", kMember, "optional(T)", "bool", has_value},
      {"optional_value", "value", kMember, "optional(T)", "T", value},
      {"optional_or_optional", "or", kMember, "optional(T),optional(T)", "optional(T)", nullptr},
      {"optional_orValue_value", "orValue", kMember, "optional(T),T", "T", nullptr},
      {"optional_unwrap", "optional.unwrap", kGlobal, "list(optional(T))", "list(T)", unwrap},
      {"optional_unwrapOpt", "unwrapOpt", kMember, "list(optional(T))", "list(T)", unwrap},
  };
}

}  // namespace agentos::cel
