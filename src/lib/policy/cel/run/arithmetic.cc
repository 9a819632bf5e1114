// Arithmetic with overflow as an error value; strings, lists, times and durations where the operators are defined on
// them.
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

constexpr std::int64_t kNanosecondsInSecond = 1'000'000'000;
constexpr std::int64_t kDurationSecondsMax = 315'576'000'000;
constexpr std::int64_t kTimestampSecondsMin = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::int64_t kDifferenceSecondsMax = 9'223'372'036;   // what fits in 64 bits of nanoseconds

Value overflow(Scratch& scratch) { return fault(scratch, "integer overflow"); }

bool both(Value a, Value b, ValueKind kind) { return a.is(kind) && b.is(kind); }

Value concatenate(Scratch& scratch, Value a, Value b) {
  const std::string_view left = a.text(), right = b.text();
  const std::size_t size = left.size() + right.size();
  if (size > UINT32_MAX || !scratch.take_steps(1 + size / 16)) return out_of_memory();
  char* text = static_cast<char*>(scratch.allocate(size));
  if (text == nullptr) return out_of_memory();
  if (!left.empty()) std::memcpy(text, left.data(), left.size());
  if (!right.empty()) std::memcpy(text + left.size(), right.data(), right.size());
  return a.is(ValueKind::kString) ? Value::string({text, size}) : Value::bytes({text, size});
}

Value join_lists(Scratch& scratch, Value a, Value b) {
  const std::size_t left = list_size(a), right = list_size(b);
  if (!scratch.take_steps(1 + left + right)) return out_of_memory();
  const std::span<Value> joined = scratch.make_array<Value>(left + right);
  if (joined.size() != left + right) return out_of_memory();
  for (std::size_t i = 0; i < left; ++i) joined[i] = list_element(a, static_cast<std::uint32_t>(i), scratch);
  for (std::size_t i = 0; i < right; ++i) joined[left + i] = list_element(b, static_cast<std::uint32_t>(i), scratch);
  return Value::list(joined);
}

Value add_times(Scratch& scratch, Value a, Value b) {
  const std::int64_t seconds = a.seconds() + b.seconds();
  const std::int64_t nanoseconds = std::int64_t{a.nanoseconds()} + b.nanoseconds();
  if (both(a, b, ValueKind::kDuration)) return checked_duration(scratch, seconds, nanoseconds);
  return checked_timestamp(scratch, seconds, nanoseconds);
}

// The error of an integer division, or absent.
template <class T>
Value division_fault(Scratch& scratch, T a, T b) {
  if (b == 0) return fault(scratch, "divide by zero");
  if constexpr (std::is_signed_v<T>)
    if (a == INT64_MIN && b == -1) return overflow(scratch);
  return Value();
}

}  // namespace

Value checked_duration(Scratch& scratch, std::int64_t seconds, std::int64_t nanoseconds) {
  seconds += nanoseconds / kNanosecondsInSecond;
  nanoseconds %= kNanosecondsInSecond;
  if (nanoseconds < 0) {
    nanoseconds += kNanosecondsInSecond;
    --seconds;
  }
  if (seconds < -kDurationSecondsMax || seconds > kDurationSecondsMax) return fault(scratch, "duration out of range");
  return Value::duration(seconds, static_cast<std::uint32_t>(nanoseconds));
}

Value checked_timestamp(Scratch& scratch, std::int64_t seconds, std::int64_t nanoseconds) {
  seconds += nanoseconds / kNanosecondsInSecond;
  nanoseconds %= kNanosecondsInSecond;
  if (nanoseconds < 0) {
    nanoseconds += kNanosecondsInSecond;
    --seconds;
  }
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) return fault(scratch, "timestamp out of range");
  return Value::timestamp(seconds, static_cast<std::uint32_t>(nanoseconds));
}

Value out_of_memory() {
  static constexpr EvaluationError kError{"memory limit exceeded"};
  return Value::error(kError);
}

Value no_overload(Scratch& scratch, std::string_view function, Value a) {
  return fault(scratch, "no such overload: {}({})", function, type_name_of(a));
}

Value no_overload(Scratch& scratch, std::string_view function, Value a, Value b) {
  return fault(scratch, "no such overload: {}({}, {})", function, type_name_of(a), type_name_of(b));
}

Value add(Scratch& scratch, Value a, Value b) {
  if (both(a, b, ValueKind::kInt)) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a.as_int(), b.as_int(), &sum) ? overflow(scratch) : Value::integer(sum);
  }
  if (both(a, b, ValueKind::kString) || both(a, b, ValueKind::kBytes)) return concatenate(scratch, a, b);
  if (both(a, b, ValueKind::kUint)) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(a.as_uint(), b.as_uint(), &sum) ? overflow(scratch) : Value::unsigned_integer(sum);
  }
  if (both(a, b, ValueKind::kDouble)) return Value::floating(a.as_double() + b.as_double());
  if (both(a, b, ValueKind::kList)) return join_lists(scratch, a, b);
  const bool times = (a.is(ValueKind::kDuration) || a.is(ValueKind::kTimestamp)) &&
                     (b.is(ValueKind::kDuration) || b.is(ValueKind::kTimestamp));
  if (times && !both(a, b, ValueKind::kTimestamp)) return add_times(scratch, a, b);
  return no_overload(scratch, "_+_", a, b);
}

Value subtract(Scratch& scratch, Value a, Value b) {
  if (both(a, b, ValueKind::kInt)) {
    std::int64_t difference = 0;
    return __builtin_sub_overflow(a.as_int(), b.as_int(), &difference) ? overflow(scratch) : Value::integer(difference);
  }
  if (both(a, b, ValueKind::kUint)) {
    if (a.as_uint() < b.as_uint()) return overflow(scratch);
    return Value::unsigned_integer(a.as_uint() - b.as_uint());
  }
  if (both(a, b, ValueKind::kDouble)) return Value::floating(a.as_double() - b.as_double());
  const bool from_time = a.is(ValueKind::kTimestamp), time = b.is(ValueKind::kTimestamp);
  if (!(from_time || a.is(ValueKind::kDuration)) || !(time || b.is(ValueKind::kDuration)) || (time && !from_time))
    return no_overload(scratch, "_-_", a, b);
  const std::int64_t seconds = a.seconds() - b.seconds();
  const std::int64_t nanoseconds = std::int64_t{a.nanoseconds()} - b.nanoseconds();
  if (from_time && !time) return checked_timestamp(scratch, seconds, nanoseconds);
  if (time && (seconds > kDifferenceSecondsMax || seconds < -kDifferenceSecondsMax))
    return fault(scratch, "duration out of range");
  return checked_duration(scratch, seconds, nanoseconds);
}

Value multiply(Scratch& scratch, Value a, Value b) {
  if (both(a, b, ValueKind::kInt)) {
    std::int64_t product = 0;
    return __builtin_mul_overflow(a.as_int(), b.as_int(), &product) ? overflow(scratch) : Value::integer(product);
  }
  if (both(a, b, ValueKind::kUint)) {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a.as_uint(), b.as_uint(), &product) ? overflow(scratch)
                                                                      : Value::unsigned_integer(product);
  }
  if (both(a, b, ValueKind::kDouble)) return Value::floating(a.as_double() * b.as_double());
  return no_overload(scratch, "_*_", a, b);
}

Value divide(Scratch& scratch, Value a, Value b) {
  if (both(a, b, ValueKind::kInt)) {
    const Value wrong = division_fault(scratch, a.as_int(), b.as_int());
    return wrong.is_absent() ? Value::integer(a.as_int() / b.as_int()) : wrong;
  }
  if (both(a, b, ValueKind::kUint)) {
    const Value wrong = division_fault(scratch, a.as_uint(), b.as_uint());
    return wrong.is_absent() ? Value::unsigned_integer(a.as_uint() / b.as_uint()) : wrong;
  }
  if (both(a, b, ValueKind::kDouble)) {
    if (b.as_double() != 0) return Value::floating(a.as_double() / b.as_double());
    if (a.as_double() == 0 || std::isnan(a.as_double())) return Value::floating(NAN);
    const bool negative = std::signbit(a.as_double()) != std::signbit(b.as_double());
    return Value::floating(negative ? -INFINITY : INFINITY);
  }
  return no_overload(scratch, "_/_", a, b);
}

Value modulo(Scratch& scratch, Value a, Value b) {
  if (both(a, b, ValueKind::kInt)) {
    if (b.as_int() == 0) return fault(scratch, "modulus by zero");
    const Value wrong = division_fault(scratch, a.as_int(), b.as_int());
    return wrong.is_absent() ? Value::integer(a.as_int() % b.as_int()) : wrong;
  }
  if (both(a, b, ValueKind::kUint)) {
    if (b.as_uint() == 0) return fault(scratch, "modulus by zero");
    return Value::unsigned_integer(a.as_uint() % b.as_uint());
  }
  return no_overload(scratch, "_%_", a, b);
}

Value negate(Scratch& scratch, Value a) {
  if (a.is(ValueKind::kInt)) return a.as_int() == INT64_MIN ? overflow(scratch) : Value::integer(-a.as_int());
  if (a.is(ValueKind::kDouble)) return Value::floating(-a.as_double());
  return no_overload(scratch, "-_", a);
}

std::string_view type_name_of(Value value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return "null_type";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return "int";
    case ValueKind::kUint:
      return "uint";
    case ValueKind::kDouble:
      return "double";
    case ValueKind::kString:
      return "string";
    case ValueKind::kBytes:
      return "bytes";
    case ValueKind::kDuration:
      return "google.protobuf.Duration";
    case ValueKind::kTimestamp:
      return "google.protobuf.Timestamp";
    case ValueKind::kList:
      return "list";
    case ValueKind::kMap:
      return "map";
    case ValueKind::kRecord:
      return record_shape(value).name();
    case ValueKind::kType:
      return "type";
    case ValueKind::kOptional:
      return "optional_type";
    case ValueKind::kIp:
      return "net.IP";
    case ValueKind::kCidr:
      return "net.CIDR";
    case ValueKind::kAbsent:
    case ValueKind::kError:
      break;
  }
  return "error";
}

}  // namespace agentos::cel
