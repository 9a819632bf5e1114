// math.* functions. Source: cel-go's math extension.
#include <cmath>

#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

bool is_number(Value value) {
  return value.is(ValueKind::kInt) || value.is(ValueKind::kUint) || value.is(ValueKind::kDouble);
}

template <Order better>
Value extreme(const CallContext& context, Arguments arguments) {
  if (arguments.size() == 2) return order(arguments[1], arguments[0]) == better ? arguments[1] : arguments[0];
  if (!arguments[0].is(ValueKind::kList)) return arguments[0];
  const Value list = arguments[0];
  if (list_size(list) == 0)
    return fault(context.scratch, "math.@{} argument must not be empty", better == Order::kLess ? "min" : "max");
  Value best;
  for (std::uint32_t i = 0; i < list_size(list); ++i) {
    const Value element = list_element(list, i, context.scratch);
    if (!context.scratch.take_steps(1)) return out_of_memory();
    if (!is_number(element))
      return no_overload(context.scratch, better == Order::kLess ? "math.@min" : "math.@max", element);
    if (best.is_absent() || order(element, best) == better) best = element;
  }
  return best;
}

template <double (*function)(double)>
Value rounded(const CallContext&, Arguments arguments) {
  return Value::floating(function(arguments[0].as_double()));
}
double ceil_of(double number) { return std::ceil(number); }
double floor_of(double number) { return std::floor(number); }
double round_of(double number) { return std::round(number); }
double trunc_of(double number) { return std::trunc(number); }

Value absolute(const CallContext& context, Arguments arguments) {
  const Value number = arguments[0];
  if (number.is(ValueKind::kUint)) return number;
  if (number.is(ValueKind::kDouble)) return Value::floating(std::fabs(number.as_double()));
  return number.as_int() < 0 ? negate(context.scratch, number) : number;
}

Value sign(const CallContext&, Arguments arguments) {
  const Value number = arguments[0];
  if (number.is(ValueKind::kUint)) return Value::unsigned_integer(number.as_uint() > 0 ? 1 : 0);
  if (number.is(ValueKind::kInt)) return Value::integer((number.as_int() > 0) - (number.as_int() < 0));
  if (std::isnan(number.as_double())) return number;
  return Value::floating((number.as_double() > 0) - (number.as_double() < 0));
}

Value square_root(const CallContext&, Arguments arguments) {
  const Value number = arguments[0];
  if (number.is(ValueKind::kInt)) return Value::floating(std::sqrt(static_cast<double>(number.as_int())));
  if (number.is(ValueKind::kUint)) return Value::floating(std::sqrt(static_cast<double>(number.as_uint())));
  return Value::floating(std::sqrt(number.as_double()));
}

Value is_nan(const CallContext&, Arguments arguments) { return Value::boolean(std::isnan(arguments[0].as_double())); }
Value is_infinite(const CallContext&, Arguments arguments) {
  return Value::boolean(std::isinf(arguments[0].as_double()));
}
Value is_finite(const CallContext&, Arguments arguments) {
  return Value::boolean(std::isfinite(arguments[0].as_double()));
}

Value like(Value example, std::uint64_t bits) {
  return example.is(ValueKind::kInt) ? Value::integer(static_cast<std::int64_t>(bits)) : Value::unsigned_integer(bits);
}
Value bit_and(const CallContext&, Arguments arguments) {
  return like(arguments[0], arguments[0].as_uint() & arguments[1].as_uint());
}
Value bit_or(const CallContext&, Arguments arguments) {
  return like(arguments[0], arguments[0].as_uint() | arguments[1].as_uint());
}
Value bit_xor(const CallContext&, Arguments arguments) {
  return like(arguments[0], arguments[0].as_uint() ^ arguments[1].as_uint());
}
Value bit_not(const CallContext&, Arguments arguments) { return like(arguments[0], ~arguments[0].as_uint()); }

// Shifts are of the 64 bits, zeros come in from either side; by 64 and more everything is gone.
template <bool left>
Value shift(const CallContext& context, Arguments arguments) {
  const std::int64_t places = arguments[1].as_int();
  if (places < 0)
    return fault(context.scratch, "math.bitShift{}() negative offset: {}", left ? "Left" : "Right", places);
  if (places > 63) return like(arguments[0], 0);
  return like(arguments[0], left ? arguments[0].as_uint() << places : arguments[0].as_uint() >> places);
}

void add_extremes(Rows& rows, std::string_view name, NativeFunction function, std::span<const std::string_view> ids) {
  static constexpr std::string_view kForms[15][2] = {
      {"int", "int"},         {"uint", "uint"},       {"double", "double"},
      {"int,int", "int"},     {"uint,uint", "uint"},  {"double,double", "double"},
      {"int,uint", "dyn"},    {"int,double", "dyn"},  {"uint,int", "dyn"},
      {"uint,double", "dyn"}, {"double,int", "dyn"},  {"double,uint", "dyn"},
      {"list(int)", "int"},   {"list(uint)", "uint"}, {"list(double)", "double"}};
  for (std::size_t i = 0; i < 15; ++i)
    rows.push_back({ids[i], name, CallStyle::kGlobal, kForms[i][0], kForms[i][1], function});
}

constexpr std::string_view kMaximumIds[15] = {
    "math_@max_int",       "math_@max_uint",          "math_@max_double",     "math_@max_int_int",
    "math_@max_uint_uint", "math_@max_double_double", "math_@max_int_uint",   "math_@max_int_double",
    "math_@max_uint_int",  "math_@max_uint_double",   "math_@max_double_int", "math_@max_double_uint",
    "math_@max_list_int",  "math_@max_list_uint",     "math_@max_list_double"};
constexpr std::string_view kMinimumIds[15] = {
    "math_@min_int",       "math_@min_uint",          "math_@min_double",     "math_@min_int_int",
    "math_@min_uint_uint", "math_@min_double_double", "math_@min_int_uint",   "math_@min_int_double",
    "math_@min_uint_int",  "math_@min_uint_double",   "math_@min_double_int", "math_@min_double_uint",
    "math_@min_list_int",  "math_@min_list_uint",     "math_@min_list_double"};

}  // namespace

Rows math_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  Rows rows = {
      {"math_ceil_double", "math.ceil", kGlobal, "double", "double", rounded<ceil_of>},
      {"math_floor_double", "math.floor", kGlobal, "double", "double", rounded<floor_of>},
      {"math_round_double", "math.round", kGlobal, "double", "double", rounded<round_of>},
      {"math_trunc_double", "math.trunc", kGlobal, "double", "double", rounded<trunc_of>},
      {"math_abs_int", "math.abs", kGlobal, "int", "int", absolute},
      {"math_abs_uint", "math.abs", kGlobal, "uint", "uint", absolute},
      {"math_abs_double", "math.abs", kGlobal, "double", "double", absolute},
      {"math_sign_int", "math.sign", kGlobal, "int", "int", sign},
      {"math_sign_uint", "math.sign", kGlobal, "uint", "uint", sign},
      {"math_sign_double", "math.sign", kGlobal, "double", "double", sign},
      {"math_sqrt_int", "math.sqrt", kGlobal, "int", "double", square_root},
      {"math_sqrt_uint", "math.sqrt", kGlobal, "uint", "double", square_root},
      {"math_sqrt_double", "math.sqrt", kGlobal, "double", "double", square_root},
      {"math_isNaN_double", "math.isNaN", kGlobal, "double", "bool", is_nan},
      {"math_isInf_double", "math.isInf", kGlobal, "double", "bool", is_infinite},
      {"math_isFinite_double", "math.isFinite", kGlobal, "double", "bool", is_finite},
      {"math_bitAnd_int_int", "math.bitAnd", kGlobal, "int,int", "int", bit_and},
      {"math_bitAnd_uint_uint", "math.bitAnd", kGlobal, "uint,uint", "uint", bit_and},
      {"math_bitOr_int_int", "math.bitOr", kGlobal, "int,int", "int", bit_or},
      {"math_bitOr_uint_uint", "math.bitOr", kGlobal, "uint,uint", "uint", bit_or},
      {"math_bitXor_int_int", "math.bitXor", kGlobal, "int,int", "int", bit_xor},
      {"math_bitXor_uint_uint", "math.bitXor", kGlobal, "uint,uint", "uint", bit_xor},
      {"math_bitNot_int_int", "math.bitNot", kGlobal, "int", "int", bit_not},
      {"math_bitNot_uint_uint", "math.bitNot", kGlobal, "uint", "uint", bit_not},
      {"math_bitShiftLeft_int_int", "math.bitShiftLeft", kGlobal, "int,int", "int", shift<true>},
      {"math_bitShiftLeft_uint_int", "math.bitShiftLeft", kGlobal, "uint,int", "uint", shift<true>},
      {"math_bitShiftRight_int_int", "math.bitShiftRight", kGlobal, "int,int", "int", shift<false>},
      {"math_bitShiftRight_uint_int", "math.bitShiftRight", kGlobal, "uint,int", "uint", shift<false>},
  };
  add_extremes(rows, "math.@max", extreme<Order::kGreater>, kMaximumIds);
  add_extremes(rows, "math.@min", extreme<Order::kLess>, kMinimumIds);
  return rows;
}

}  // namespace agentos::cel
