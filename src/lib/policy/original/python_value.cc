// Comparison and membership as CPython does them: numbers exactly, sequences by their first difference.
#include "lib/policy/original/python_value.h"

#include <algorithm>
#include <cmath>

namespace agentos::policy::original {

namespace {

bool is_numeric(const json::Value& value) { return value.is_bool() || value.is_number(); }

std::int64_t integer_of(const json::Value& value) {
  return value.is_bool() ? (value.as_bool() ? 1 : 0) : value.as_int();
}

template <class Number>
int order(Number left, Number right) {
  return left < right ? -1 : left > right ? 1 : 0;
}

int order_mixed(std::int64_t left, double right) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (right >= kTwoTo63) return -1;
  if (right < -kTwoTo63) return 1;
  const double whole = std::trunc(right);
  const int by_whole = order(left, static_cast<std::int64_t>(whole));
  return by_whole != 0 ? by_whole : order(0.0, right - whole);
}

// Precondition: both are numeric.
int order_numbers(const json::Value& left, const json::Value& right) {
  if (left.is_double() && right.is_double()) return order(left.as_double(), right.as_double());
  if (right.is_double()) return order_mixed(integer_of(left), right.as_double());
  if (left.is_double()) return -order_mixed(integer_of(right), left.as_double());
  return order(integer_of(left), integer_of(right));
}

bool answers(int order, Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessOrEqual:
      return order <= 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

}  // namespace

bool equals(const json::Value& left, const json::Value& right) {
  if (is_numeric(left) && is_numeric(right)) return order_numbers(left, right) == 0;
  if (left.is_string() && right.is_string()) return left.as_string() == right.as_string();
  if (left.is_array() && right.is_array()) return std::ranges::equal(left.as_array(), right.as_array(), equals);
  if (left.is_object() && right.is_object()) {
    const json::Object& other = right.as_object();
    return left.as_object().size() == other.size() && std::ranges::all_of(left.as_object(), [&](const auto& member) {
             const json::Value* same = other.find(member.first);
             return same != nullptr && equals(member.second, *same);
           });
  }
  return left.is_null() && right.is_null();
}

std::optional<bool> compares(const json::Value& left, Comparison comparison, const json::Value& right) {
  if (is_numeric(left) && is_numeric(right)) return answers(order_numbers(left, right), comparison);
  // Octets of UTF-8 sort as its code points do.
  if (left.is_string() && right.is_string()) return answers(left.as_string().compare(right.as_string()), comparison);
  if (!left.is_array() || !right.is_array()) return std::nullopt;
  const json::Array& first = left.as_array();
  const json::Array& second = right.as_array();
  const auto [a, b] = std::ranges::mismatch(first, second, equals);
  if (a != first.end() && b != second.end()) return compares(*a, comparison, *b);
  return answers(order(first.size(), second.size()), comparison);
}

std::optional<bool> contains(const json::Value& container, const json::Value& item) {
  if (container.is_array()) {
    return std::ranges::any_of(container.as_array(), [&](const json::Value& member) { return equals(member, item); });
  }
  if (container.is_string()) {
    if (!item.is_string()) return std::nullopt;
    return container.as_string().find(item.as_string()) != std::string::npos;
  }
  if (!container.is_object() || item.is_array() || item.is_object()) return std::nullopt;
  return item.is_string() && container.as_object().find(item.as_string()) != nullptr;
}

}  // namespace agentos::policy::original
