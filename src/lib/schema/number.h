// Numbers as JSON Schema compares them: by value, exactly, whether written as integers or not.
#pragma once

#include "base/json/value.h"

namespace agentos::schema {

// Both are numbers. Below zero, zero or above as a is less than, equal to or greater than b.
int compare_numbers(const json::Value& a, const json::Value& b);
bool is_integral(const json::Value& number);  // 1.0 is
// Exact on the decimal digits both are written with: 0.0075 is a multiple of 0.0001. Precondition: factor > 0.
bool is_multiple_of(const json::Value& number, const json::Value& factor);

}  // namespace agentos::schema
