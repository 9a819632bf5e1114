// A JSON value as AgentOS uses it: strict on the way in, canonical on the way out.
//
// Objects keep the order they were read in and never hold a key twice (parse() refuses duplicates).
// Numbers are int64 when written as integers that fit, else double; NaN and infinities do not exist here.
// Source: RFC 8259 for the grammar, RFC 8785 for write_canonical().
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace agentos::json {

class Value;
using Array = std::vector<Value>;

// Members in reading order; find() is linear below 16 members, which is nearly always.
class Object {
 public:
  using Member = std::pair<std::string, Value>;
  Object();
  Object(std::initializer_list<Member> members);
  explicit Object(std::vector<Member> members);  // precondition: no key is in it twice
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  ~Object();

  const Value* find(std::string_view key) const;  // nullptr when absent
  Value* find(std::string_view key);
  Value& operator[](std::string_view key);    // inserts null when absent
  void append(std::string key, Value value);  // precondition: key is not in the object
  bool erase(std::string_view key);
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  const Member* begin() const;
  const Member* end() const;
  Member* begin();
  Member* end();
  bool operator==(const Object&) const;  // order does not matter

 private:
  std::vector<Member> members_;
};

class Value {
 public:
  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool b) : v_(b) {}
  Value(int i) : v_(static_cast<std::int64_t>(i)) {}
  Value(unsigned i) : v_(static_cast<std::int64_t>(i)) {}
  Value(std::int64_t i) : v_(i) {}
  Value(std::uint64_t i) : v_(static_cast<std::int64_t>(i)) {}
  Value(double d) : v_(d) {}
  Value(const char* s) : v_(std::string(s)) {}
  Value(std::string_view s) : v_(std::string(s)) {}
  Value(std::string s) : v_(std::move(s)) {}
  Value(Array a) : v_(std::move(a)) {}
  Value(Object o) : v_(std::move(o)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(v_); }
  bool is_bool() const { return std::holds_alternative<bool>(v_); }
  bool is_int() const { return std::holds_alternative<std::int64_t>(v_); }
  bool is_double() const { return std::holds_alternative<double>(v_); }
  bool is_number() const { return is_int() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(v_); }
  bool is_array() const { return std::holds_alternative<Array>(v_); }
  bool is_object() const { return std::holds_alternative<Object>(v_); }
  const char* type_name() const;  // "null" "boolean" "integer" "number" "string" "array" "object"

  // Precondition of each: the value is of that type.
  bool as_bool() const { return std::get<bool>(v_); }
  std::int64_t as_int() const { return std::get<std::int64_t>(v_); }
  double as_double() const { return is_int() ? static_cast<double>(as_int()) : std::get<double>(v_); }
  const std::string& as_string() const { return std::get<std::string>(v_); }
  std::string& as_string() { return std::get<std::string>(v_); }
  const Array& as_array() const { return std::get<Array>(v_); }
  Array& as_array() { return std::get<Array>(v_); }
  const Object& as_object() const { return std::get<Object>(v_); }
  Object& as_object() { return std::get<Object>(v_); }

  // Convenience for reading: nullptr / fallback when this is not an object, the key is absent or of another type.
  const Value* find(std::string_view key) const;
  std::string_view string_or(std::string_view key, std::string_view fallback) const;
  std::int64_t int_or(std::string_view key, std::int64_t fallback) const;
  bool bool_or(std::string_view key, bool fallback) const;

  bool operator==(const Value&) const;  // 1 and 1.0 are equal

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> v_;
};

// Named bounds of every text that enters.
struct ParseLimits {
  std::size_t bytes_max = 1 << 20;
  std::size_t depth_max = 32;
  std::size_t values_max = 100'000;
};

// Refused with position "line:column" in the message: anything RFC 8259 refuses, a duplicate key, invalid
// UTF-8, an unpaired surrogate, a number that is not finite or an integer outside the int64 range, anything
// beyond the limits, bytes after the value. kMalformed; beyond a size limit kTooLarge.
Result<Value> parse(std::string_view text, const ParseLimits& limits = {});

// Compact text in member order. Every string must be valid UTF-8 (values from parse() are).
std::string write(const Value& value);
void write(const Value& value, std::string& out);
// Two spaces of indent, for people.
std::string write_pretty(const Value& value);
// RFC 8785: members sorted by UTF-16 code units, shortest numbers, minimal escapes.
std::string write_canonical(const Value& value);
void write_canonical(const Value& value, std::string& out);

// Pieces for writers that build canonical text by hand.
void write_string(std::string_view utf8, std::string& out);  // quoted and escaped
void write_int(std::int64_t number, std::string& out);
void write_double(double number, std::string& out);  // ECMAScript form; precondition: finite
bool valid_utf8(std::string_view text);              // RFC 3629; NUL is valid here
// `text` with each ill-formed sequence replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace agentos::json
