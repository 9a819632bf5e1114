// What Python does with the values of a request: ==, <, in, str(). The original's rules mean these, not JSON's.
//
// JSON values stand for None, bool, int, float, str, list and dict with str keys. NaN and infinities do not exist here.
// Source: the Python 3.11 language reference, section 6.10, and data model; checked against CPython.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json/value.h"

namespace agentos::policy::original {

enum class Comparison : std::uint8_t { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// left == right: True equals 1 equals 1.0; int and float compare exactly; lists and dicts by content.
bool equals(const json::Value& left, const json::Value& right);

// nullopt where Python raises TypeError: str with number, None or dict with anything, and lists whose first difference
// is such a pair.
std::optional<bool> compares(const json::Value& left, Comparison comparison, const json::Value& right);

// `item in container`: member of a list, substring of a str, key of a dict; nullopt where Python raises TypeError.
std::optional<bool> contains(const json::Value& container, const json::Value& item);

// str(value) appended to `out`: True, None, 1e+16, ['a', 1.0], {'k': "it's"}. Precondition: strings are valid UTF-8.
void append_str(const json::Value& value, std::string& out);

}  // namespace agentos::policy::original
