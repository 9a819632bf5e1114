// A double stands for its shortest decimal form, digits * 10^exponent, and division is tested on those integers.
#include "lib/schema/number.h"

#include <array>
#include <charconv>
#include <cmath>

namespace agentos::schema {

namespace {

using Wide = unsigned __int128;

struct Decimal {
  std::uint64_t digits = 0;  // at most 19 of them
  int exponent = 0;
};

Decimal decimal_of(const json::Value& number) {
  if (number.is_int()) {
    const std::int64_t value = number.as_int();
    return {value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value), 0};
  }
  std::array<char, 32> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(number.as_double()),
                                     std::chars_format::scientific);
  Decimal decimal;
  const char* at = buffer.data();
  bool fraction = false;
  for (; at != written.ptr && *at != 'e'; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (fraction) --decimal.exponent;
  }
  if (at != written.ptr) {
    int exponent = 0;
    const char* const digits = at[1] == '+' ? at + 2 : at + 1;
    std::from_chars(digits, written.ptr, exponent);
    decimal.exponent += exponent;
  }
  return decimal;
}

}  // namespace

int compare_numbers(const json::Value& a, const json::Value& b) {
  if (a.is_int() && b.is_int()) return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int() ? 1 : 0;
  // long double holds every int64 and every double exactly.
  const auto exact = [](const json::Value& n) {
    return n.is_int() ? static_cast<long double>(n.as_int()) : static_cast<long double>(n.as_double());
  };
  return exact(a) < exact(b) ? -1 : exact(a) > exact(b) ? 1 : 0;
}

bool is_integral(const json::Value& number) {
  return number.is_int() || (number.is_double() && std::trunc(number.as_double()) == number.as_double());
}

bool is_multiple_of(const json::Value& number, const json::Value& factor) {
  const Decimal n = decimal_of(number);
  const Decimal f = decimal_of(factor);
  if (n.digits == 0) return true;
  int shift = n.exponent - f.exponent;
  if (shift >= 0) {  // n * 10^shift mod f
    Wide rest = n.digits % f.digits;
    for (; shift > 0 && rest != 0; --shift) rest = rest * 10 % f.digits;
    return rest == 0;
  }
  Wide divisor = f.digits;
  for (; shift < 0; ++shift) {
    divisor *= 10;
    if (divisor > n.digits) return false;
  }
  return n.digits % divisor == 0;
}

}  // namespace agentos::schema
