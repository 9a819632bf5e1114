// The operators on values of any kind: equality, order, arithmetic. What has no meaning is an error value without a
// place.
//
// Source: the CEL language definition. Numbers of different kinds are equal and ordered by their mathematical value;
// NaN is equal to nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include <fmt/format.h>
#include "lib/policy/cel/scratch.h"
#include "lib/policy/cel/value.h"

namespace agentos::cel {

enum class Order : std::uint8_t {
  kLess,
  kEqual,
  kGreater,
  kUnordered,     // NaN
  kIncomparable,  // kinds that have no order together
};

bool equal(Value a, Value b, Scratch& scratch);
Order order(Value a, Value b);

Value add(Scratch& scratch, Value a, Value b);
Value subtract(Scratch& scratch, Value a, Value b);
Value multiply(Scratch& scratch, Value a, Value b);
Value divide(Scratch& scratch, Value a, Value b);
Value modulo(Scratch& scratch, Value a, Value b);
Value negate(Scratch& scratch, Value a);

// The name a type value of this value has: "int", "list", "google.protobuf.Timestamp".
std::string_view type_name_of(Value value);
// An error value whose message is formatted in place; it is cut where it gets long.
template <class... Parts>
Value fault(Scratch& scratch, fmt::format_string<Parts...> format, Parts&&... parts) {
  char text[300];
  const auto end = fmt::format_to_n(text, sizeof text, format, std::forward<Parts>(parts)...);
  return scratch.error({text, static_cast<std::size_t>(end.out - text)});
}
// "no such overload: _+_(int, string)"
Value no_overload(Scratch& scratch, std::string_view function, Value a);
Value no_overload(Scratch& scratch, std::string_view function, Value a, Value b);
Value out_of_memory();
// Zero, empty, false, null or none: what optional.ofNonZeroValue leaves out.
bool is_zero_value(Value value);

// Durations keep to +-315'576'000'000 seconds, timestamps to the years 1 to 9999.
Value checked_duration(Scratch& scratch, std::int64_t seconds, std::int64_t nanoseconds);
Value checked_timestamp(Scratch& scratch, std::int64_t seconds, std::int64_t nanoseconds);

}  // namespace agentos::cel
