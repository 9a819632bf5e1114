// Conversions between types: bool(), int(), uint(), double(), string(), bytes(). Times convert in times.cc.
//
// Source: the CEL language definition; a number out of range, or a text that is none, is an error.
#include <charconv>
#include <cmath>

#include "base/json/value.h"
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/library/times.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

Value same(const CallContext&, Arguments arguments) { return arguments[0]; }

Value range_fault(const CallContext& context, std::string_view type) {
  return fault(context.scratch, "range: the number does not fit in {}", type);
}

Value text_fault(const CallContext& context, std::string_view text, std::string_view type) {
  return fault(context.scratch, "type conversion error: '{}' is no {}", text.substr(0, 100), type);
}

Value string_to_bool(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  for (const std::string_view word : {"1", "t", "true", "TRUE", "True"})
    if (text == word) return Value::boolean(true);
  for (const std::string_view word : {"0", "f", "false", "FALSE", "False"})
    if (text == word) return Value::boolean(false);
  return text_fault(context, text, "bool");
}

Value string_to_int(const CallContext& context, Arguments arguments) {
  std::string_view text = arguments[0].text();
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc::result_out_of_range) return range_fault(context, "int");
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return text_fault(context, text, "int");
  return Value::integer(number);
}

Value string_to_uint(const CallContext& context, Arguments arguments) {
  const std::string_view text = arguments[0].text();
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc::result_out_of_range) return range_fault(context, "uint");
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return text_fault(context, text, "uint");
  return Value::unsigned_integer(number);
}

Value string_to_double(const CallContext& context, Arguments arguments) {
  std::string_view text = arguments[0].text();
  const std::string_view whole = text;
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole_read =
      read.ptr == text.data() + text.size() && !text.empty() && text.find('(') == std::string_view::npos;
  if (!whole_read) return text_fault(context, whole, "double");
  if (read.ec == std::errc::result_out_of_range) return range_fault(context, "double");
  return read.ec == std::errc() ? Value::floating(number) : text_fault(context, whole, "double");
}

Value uint_to_int(const CallContext& context, Arguments arguments) {
  if (arguments[0].as_uint() > INT64_MAX) return range_fault(context, "int");
  return Value::integer(static_cast<std::int64_t>(arguments[0].as_uint()));
}

Value double_to_int(const CallContext& context, Arguments arguments) {
  const double number = arguments[0].as_double();
  if (!(number > -0x1p63 && number < 0x1p63)) return range_fault(context, "int");
  return Value::integer(static_cast<std::int64_t>(number));
}

Value int_to_uint(const CallContext& context, Arguments arguments) {
  if (arguments[0].as_int() < 0) return range_fault(context, "uint");
  return Value::unsigned_integer(static_cast<std::uint64_t>(arguments[0].as_int()));
}

Value double_to_uint(const CallContext& context, Arguments arguments) {
  const double number = arguments[0].as_double();
  if (!(number >= 0 && number < 0x1p64)) return range_fault(context, "uint");
  return Value::unsigned_integer(static_cast<std::uint64_t>(number));
}

Value int_to_double(const CallContext&, Arguments arguments) {
  return Value::floating(static_cast<double>(arguments[0].as_int()));
}
Value uint_to_double(const CallContext&, Arguments arguments) {
  return Value::floating(static_cast<double>(arguments[0].as_uint()));
}

Value scalar_to_string(const CallContext& context, Arguments arguments) {
  const Value value = arguments[0];
  char text[64];
  char* end = nullptr;
  switch (value.kind()) {
    case ValueKind::kBool:
      return value.as_bool() ? Value::string("true") : Value::string("false");
    case ValueKind::kInt:
      end = std::to_chars(text, text + sizeof text, value.as_int()).ptr;
      break;
    case ValueKind::kUint:
      end = std::to_chars(text, text + sizeof text, value.as_uint()).ptr;
      break;
    default:
      if (std::isnan(value.as_double())) return Value::string("NaN");
      if (std::isinf(value.as_double())) return Value::string(value.as_double() > 0 ? "+Inf" : "-Inf");
      end = fmt::format_to(text, "{}", value.as_double());
      break;
  }
  return context.scratch.string({text, static_cast<std::size_t>(end - text)});
}

Value bytes_to_string(const CallContext& context, Arguments arguments) {
  const std::string_view octets = arguments[0].text();
  if (!context.scratch.take_steps(1 + octets.size() / 16)) return out_of_memory();
  if (!json::valid_utf8(octets)) return fault(context.scratch, "invalid UTF-8 in bytes, which cannot become a string");
  return Value::string(octets);
}

Value string_to_bytes(const CallContext&, Arguments arguments) { return Value::bytes(arguments[0].text()); }

}  // namespace

Rows conversion_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  return {
      {"bool_to_bool", "bool", kGlobal, "bool", "bool", same},
      {"string_to_bool", "bool", kGlobal, "string", "bool", string_to_bool},
      {"bytes_to_bytes", "bytes", kGlobal, "bytes", "bytes", same},
      {"string_to_bytes", "bytes", kGlobal, "string", "bytes", string_to_bytes},
      {"double_to_double", "double", kGlobal, "double", "double", same},
      {"int64_to_double", "double", kGlobal, "int", "double", int_to_double},
      {"uint64_to_double", "double", kGlobal, "uint", "double", uint_to_double},
      {"string_to_double", "double", kGlobal, "string", "double", string_to_double},
      {"int64_to_int64", "int", kGlobal, "int", "int", same},
      {"uint64_to_int64", "int", kGlobal, "uint", "int", uint_to_int},
      {"double_to_int64", "int", kGlobal, "double", "int", double_to_int},
      {"string_to_int64", "int", kGlobal, "string", "int", string_to_int},
      {"uint64_to_uint64", "uint", kGlobal, "uint", "uint", same},
      {"int64_to_uint64", "uint", kGlobal, "int", "uint", int_to_uint},
      {"double_to_uint64", "uint", kGlobal, "double", "uint", double_to_uint},
      {"string_to_uint64", "uint", kGlobal, "string", "uint", string_to_uint},
      {"string_to_string", "string", kGlobal, "string", "string", same},
      {"bool_to_string", "string", kGlobal, "bool", "string", scalar_to_string},
      {"int64_to_string", "string", kGlobal, "int", "string", scalar_to_string},
      {"uint64_to_string", "string", kGlobal, "uint", "string", scalar_to_string},
      {"double_to_string", "string", kGlobal, "double", "string", scalar_to_string},
      {"bytes_to_string", "string", kGlobal, "bytes", "string", bytes_to_string},
  };
}

}  // namespace agentos::cel
