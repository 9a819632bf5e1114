// Equality and order of values, across numeric kinds and ways of storage.
#include <cmath>

#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

Order order_of(auto a, auto b) { return a < b ? Order::kLess : a > b ? Order::kGreater : Order::kEqual; }

Order reversed(Order order) {
  if (order == Order::kLess) return Order::kGreater;
  return order == Order::kGreater ? Order::kLess : order;
}

Order order_int_uint(std::int64_t a, std::uint64_t b) {
  return a < 0 ? Order::kLess : order_of(static_cast<std::uint64_t>(a), b);
}

// As doubles, within the integers' range: beyond 2^53 an int and its nearest double are equal, as CEL's suite has it.
Order order_int_double(std::int64_t a, double b) {
  if (std::isnan(b)) return Order::kUnordered;
  if (b > 0x1p63) return Order::kLess;
  if (b < -0x1p63) return Order::kGreater;
  return order_of(static_cast<double>(a), b);
}

Order order_uint_double(std::uint64_t a, double b) {
  if (std::isnan(b)) return Order::kUnordered;
  if (b > 0x1p64) return Order::kLess;
  if (b < 0) return Order::kGreater;
  return order_of(static_cast<double>(a), b);
}

bool is_number(Value value) {
  return value.is(ValueKind::kInt) || value.is(ValueKind::kUint) || value.is(ValueKind::kDouble);
}

Order order_numbers(Value a, Value b) {
  if (a.is(ValueKind::kInt)) {
    if (b.is(ValueKind::kInt)) return order_of(a.as_int(), b.as_int());
    return b.is(ValueKind::kUint) ? order_int_uint(a.as_int(), b.as_uint())
                                  : order_int_double(a.as_int(), b.as_double());
  }
  if (a.is(ValueKind::kUint)) {
    if (b.is(ValueKind::kUint)) return order_of(a.as_uint(), b.as_uint());
    return b.is(ValueKind::kInt) ? reversed(order_int_uint(b.as_int(), a.as_uint()))
                                 : order_uint_double(a.as_uint(), b.as_double());
  }
  if (b.is(ValueKind::kInt)) return reversed(order_int_double(b.as_int(), a.as_double()));
  if (b.is(ValueKind::kUint)) return reversed(order_uint_double(b.as_uint(), a.as_double()));
  if (std::isnan(a.as_double()) || std::isnan(b.as_double())) return Order::kUnordered;
  return order_of(a.as_double(), b.as_double());
}

bool equal_lists(Value a, Value b, Scratch& scratch) {
  const std::uint32_t size = list_size(a);
  if (size != list_size(b)) return false;
  for (std::uint32_t i = 0; i < size; ++i)
    if (!equal(list_element(a, i, scratch), list_element(b, i, scratch), scratch)) return false;
  return true;
}

bool equal_maps(Value a, Value b, Scratch& scratch) {
  const std::uint32_t size = map_size(a);
  if (size != map_size(b)) return false;
  for (std::uint32_t i = 0; i < size; ++i) {
    const MapEntry entry = map_entry(a, i, scratch);
    const Value other = map_find(b, entry.key, scratch);
    if (other.is_absent() || !equal(entry.value, other, scratch)) return false;
  }
  return true;
}

bool equal_records(Value a, Value b, Scratch& scratch) {
  const RecordShape& shape = record_shape(a);
  if (!(&shape == &record_shape(b) || shape == record_shape(b))) return false;
  for (std::uint32_t i = 0; i < shape.fields().size(); ++i) {
    const Value x = record_field(a, i, scratch), y = record_field(b, i, scratch);
    if (x.is_absent() != y.is_absent() || (!x.is_absent() && !equal(x, y, scratch))) return false;
  }
  return true;
}

}  // namespace

bool equal(Value a, Value b, Scratch& scratch) {
  if (!scratch.take_steps(1)) return false;
  if (a.kind() != b.kind()) return is_number(a) && is_number(b) && order_numbers(a, b) == Order::kEqual;
  switch (a.kind()) {
    case ValueKind::kNull:
      return true;
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kUint:
      return a.as_int() == b.as_int();
    case ValueKind::kDouble:
      return a.as_double() == b.as_double();
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kType:
      if (a.text().size() != b.text().size()) return false;
      return scratch.take_steps(a.text().size() / kComparedBytesAStep) && a.text() == b.text();
    case ValueKind::kDuration:
    case ValueKind::kTimestamp:
      return a.seconds() == b.seconds() && a.nanoseconds() == b.nanoseconds();
    case ValueKind::kList:
      return equal_lists(a, b, scratch);
    case ValueKind::kMap:
      return equal_maps(a, b, scratch);
    case ValueKind::kRecord:
      return equal_records(a, b, scratch);
    case ValueKind::kOptional: {
      const Value *x = a.optional_value(), *y = b.optional_value();
      return x == nullptr || y == nullptr ? x == y : equal(*x, *y, scratch);
    }
    case ValueKind::kIp:
      return a.address() == b.address();
    case ValueKind::kCidr:
      return a.network() == b.network();
    case ValueKind::kAbsent:
    case ValueKind::kError:
      break;
  }
  return false;
}

Order order(Value a, Value b) {
  if (is_number(a) && is_number(b)) return order_numbers(a, b);
  if (a.kind() != b.kind()) return Order::kIncomparable;
  switch (a.kind()) {
    case ValueKind::kBool:
      return order_of(a.as_int(), b.as_int());
    case ValueKind::kString:
    case ValueKind::kBytes:
      return order_of(a.text().compare(b.text()), 0);
    case ValueKind::kDuration:
    case ValueKind::kTimestamp: {
      const Order seconds = order_of(a.seconds(), b.seconds());
      return seconds == Order::kEqual ? order_of(a.nanoseconds(), b.nanoseconds()) : seconds;
    }
    default:
      return Order::kIncomparable;
  }
}

bool is_zero_value(Value value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return true;
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kUint:
      return value.as_int() == 0;
    case ValueKind::kDouble:
      return value.as_double() == 0;
    case ValueKind::kString:
    case ValueKind::kBytes:
      return value.text().empty();
    case ValueKind::kDuration:
      return value.seconds() == 0 && value.nanoseconds() == 0;
    case ValueKind::kTimestamp:
      return value.seconds() == 0 && value.nanoseconds() == 0;
    case ValueKind::kList:
      return list_size(value) == 0;
    case ValueKind::kMap:
      return map_size(value) == 0;
    case ValueKind::kOptional:
      return value.optional_value() == nullptr;
    default:
      return false;
  }
}

}  // namespace agentos::cel
