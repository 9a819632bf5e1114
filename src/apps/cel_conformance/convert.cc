// Values and types of the suite's messages.
#include "apps/cel_conformance/convert.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel_conformance {
namespace {

using cel::Type;
using cel::Value;
using cel::ValueKind;

std::unexpected<Error> bad(const Field& field, std::string_view what) {
  return fail(ErrorCode::kMalformed, fmt::format("line {}: {} is no {}", field.line, field.text, what));
}

template <class T>
Result<T> number(const Field& field) {
  std::string_view text = field.text;
  const bool negative = text.starts_with('-');
  int base = 10;
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
    base = 16;
  }
  T value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || (negative && std::is_unsigned_v<T>))
    return bad(field, "whole number");
  return value;
}

Result<double> real(const Field& field) {
  char* end = nullptr;
  const double value = std::strtod(field.text.c_str(), &end);
  if (field.text.empty() || *end != '\0') return bad(field, "number");
  return value;
}

Result<Value> list_of(const Field& message, cel::Scratch& scratch) {
  std::vector<Value> elements;
  for (const Field& field : message.fields) elements.push_back(TRY(value_of(field, scratch)));
  return scratch.list(elements);
}

Result<Value> map_of(const Field& message, cel::Scratch& scratch) {
  std::vector<cel::MapEntry> entries;
  for (const Field& field : message.fields) {
    const Field *key = field.find("key"), *value = field.find("value");
    if (key == nullptr || value == nullptr) return bad(field, "map entry");
    entries.push_back({TRY(value_of(*key, scratch)), TRY(value_of(*value, scratch))});
  }
  const Value map = scratch.map(entries);
  if (map.is_error()) return bad(message, "map");
  return map;
}

// google.protobuf.Value, Struct and ListValue.
Result<Value> json_of(const Field& message, cel::Scratch& scratch);

Result<Value> json_list(const Field& message, cel::Scratch& scratch) {
  std::vector<Value> elements;
  for (const Field& field : message.fields) elements.push_back(TRY(json_of(field, scratch)));
  return scratch.list(elements);
}

Result<Value> json_map(const Field& message, cel::Scratch& scratch) {
  std::vector<cel::MapEntry> entries;
  for (const Field& field : message.fields) {
    const Field* value = field.find("value");
    if (value == nullptr) return bad(field, "map entry");
    entries.push_back({scratch.string(field.text_of("key")), TRY(json_of(*value, scratch))});
  }
  return scratch.map(entries);
}

Result<Value> json_of(const Field& message, cel::Scratch& scratch) {
  if (message.fields.empty()) return Value::null();
  const Field& field = message.fields[0];
  if (field.name == "null_value") return Value::null();
  if (field.name == "bool_value") return Value::boolean(field.text == "true");
  if (field.name == "number_value") return Value::floating(TRY(real(field)));
  if (field.name == "string_value") return scratch.string(field.text);
  if (field.name == "list_value") return json_list(field, scratch);
  if (field.name == "struct_value") return json_map(field, scratch);
  return bad(field, "JSON value");
}

Result<Value> object_of(const Field& message, cel::Scratch& scratch) {
  if (message.fields.size() != 1) return bad(message, "Any");
  const Field& object = message.fields[0];
  constexpr std::string_view kPrefix = "[type.googleapis.com/";
  if (!object.name.starts_with(kPrefix)) return fail(ErrorCode::kUnsupported, "needs a protobuf message");
  std::string_view name = std::string_view(object.name).substr(kPrefix.size());
  name.remove_suffix(1);
  const auto part = [&](std::string_view field) {
    return object.find(field) != nullptr ? *object.find(field) : Field{.text = "0"};
  };
  if (name == "google.protobuf.Duration" || name == "google.protobuf.Timestamp") {
    const auto seconds = TRY(number<std::int64_t>(part("seconds"))),
               nanoseconds = TRY(number<std::int64_t>(part("nanos")));
    return name.ends_with("Duration") ? cel::checked_duration(scratch, seconds, nanoseconds)
                                      : cel::checked_timestamp(scratch, seconds, nanoseconds);
  }
  if (name == "google.protobuf.Int32Value" || name == "google.protobuf.Int64Value")
    return Value::integer(TRY(number<std::int64_t>(part("value"))));
  if (name == "google.protobuf.UInt32Value" || name == "google.protobuf.UInt64Value")
    return Value::unsigned_integer(TRY(number<std::uint64_t>(part("value"))));
  if (name == "google.protobuf.FloatValue") return Value::floating(static_cast<float>(TRY(real(part("value")))));
  if (name == "google.protobuf.DoubleValue") return Value::floating(TRY(real(part("value"))));
  if (name == "google.protobuf.BoolValue") return Value::boolean(part("value").text == "true");
  if (name == "google.protobuf.StringValue") return scratch.string(object.text_of("value"));
  if (name == "google.protobuf.BytesValue") return scratch.bytes(object.text_of("value"));
  if (name == "google.protobuf.Value") return json_of(object, scratch);
  if (name == "google.protobuf.Struct") return json_map(object, scratch);
  if (name == "google.protobuf.ListValue") return json_list(object, scratch);
  return fail(ErrorCode::kUnsupported, fmt::format("needs the protobuf message {}", name));
}

Result<Type> primitive(const Field& field) {
  if (field.text == "BOOL") return Type::boolean();
  if (field.text == "INT64") return Type::integer();
  if (field.text == "UINT64") return Type::unsigned_integer();
  if (field.text == "DOUBLE") return Type::floating();
  if (field.text == "STRING") return Type::string();
  if (field.text == "BYTES") return Type::bytes();
  return bad(field, "primitive type");
}

Result<Type> message_type(const Field& field) {
  std::string_view name = field.text;
  if (name == "google.protobuf.Duration") return Type::duration();
  if (name == "google.protobuf.Timestamp") return Type::timestamp();
  if (name == "google.protobuf.Value" || name == "google.protobuf.Any") return Type::dyn();
  if (name == "google.protobuf.Struct") return Type::map(Type::string(), Type::dyn());
  if (name == "google.protobuf.ListValue") return Type::list(Type::dyn());
  if (name == "google.protobuf.BoolValue") return Type::wrapper(Type::boolean());
  if (name == "google.protobuf.StringValue") return Type::wrapper(Type::string());
  if (name == "google.protobuf.BytesValue") return Type::wrapper(Type::bytes());
  if (name == "google.protobuf.Int32Value" || name == "google.protobuf.Int64Value")
    return Type::wrapper(Type::integer());
  if (name == "google.protobuf.UInt32Value" || name == "google.protobuf.UInt64Value")
    return Type::wrapper(Type::unsigned_integer());
  if (name == "google.protobuf.FloatValue" || name == "google.protobuf.DoubleValue")
    return Type::wrapper(Type::floating());
  return fail(ErrorCode::kUnsupported, fmt::format("needs the protobuf message {}", name));
}

Result<Type> abstract_type(const Field& message) {
  std::vector<Type> parameters;
  for (const Field& field : message.fields)
    if (field.name == "parameter_types") parameters.push_back(TRY(type_of(field)));
  const std::string_view name = message.text_of("name");
  if (name == "optional_type" && parameters.size() == 1) return Type::optional(parameters[0]);
  if (name == "net.IP") return Type::ip();
  if (name == "net.CIDR") return Type::cidr();
  return Type::opaque(std::string(name), std::move(parameters));
}

Result<Type> part_type(const Field& message, std::string_view name) {
  const Field* part = message.find(name);
  return part == nullptr ? Result<Type>(Type::dyn()) : type_of(*part);
}

}  // namespace

Result<cel::Value> value_of(const Field& message, cel::Scratch& scratch) {
  if (message.fields.size() != 1) return bad(message, "value");
  const Field& field = message.fields[0];
  if (field.name == "null_value") return Value::null();
  if (field.name == "bool_value") return Value::boolean(field.text == "true");
  if (field.name == "int64_value") return Value::integer(TRY(number<std::int64_t>(field)));
  if (field.name == "uint64_value") return Value::unsigned_integer(TRY(number<std::uint64_t>(field)));
  if (field.name == "double_value") return Value::floating(TRY(real(field)));
  if (field.name == "string_value") return scratch.string(field.text);
  if (field.name == "bytes_value") return scratch.bytes(field.text);
  if (field.name == "type_value") return Value::type_name(scratch.string(field.text).text());
  if (field.name == "list_value") return list_of(field, scratch);
  if (field.name == "map_value") return map_of(field, scratch);
  if (field.name == "object_value") return object_of(field, scratch);
  if (field.name == "enum_value") return fail(ErrorCode::kUnsupported, "needs protobuf enums");
  return bad(field, "value");
}

Result<cel::Type> type_of(const Field& message) {
  if (message.fields.size() != 1) return bad(message, "type");
  const Field& field = message.fields[0];
  if (field.name == "dyn" || field.name == "error") return Type::dyn();
  if (field.name == "null") return Type::null();
  if (field.name == "primitive") return primitive(field);
  if (field.name == "wrapper") return Type::wrapper(TRY(primitive(field)));
  if (field.name == "well_known") {
    if (field.text == "DURATION") return Type::duration();
    return field.text == "TIMESTAMP" ? Type::timestamp() : Type::dyn();
  }
  if (field.name == "list_type") return Type::list(TRY(part_type(field, "elem_type")));
  if (field.name == "map_type") {
    Type key = TRY(part_type(field, "key_type"));
    return Type::map(std::move(key), TRY(part_type(field, "value_type")));
  }
  if (field.name == "message_type") return message_type(field);
  if (field.name == "type_param") return Type::parameter(field.text);
  if (field.name == "abstract_type") return abstract_type(field);
  if (field.name == "type") {
    if (field.fields.empty()) return Type::type();
    return Type::type_of(TRY(type_of(field)));
  }
  return bad(field, "type");
}

bool same_value(cel::Value a, cel::Value b, cel::Scratch& scratch) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case ValueKind::kDouble:
      if (std::isnan(a.as_double())) return std::isnan(b.as_double());
      return a.as_double() == b.as_double() && std::signbit(a.as_double()) == std::signbit(b.as_double());
    case ValueKind::kList: {
      if (cel::list_size(a) != cel::list_size(b)) return false;
      for (std::uint32_t i = 0; i < cel::list_size(a); ++i)
        if (!same_value(cel::list_element(a, i, scratch), cel::list_element(b, i, scratch), scratch)) return false;
      return true;
    }
    case ValueKind::kMap: {
      if (cel::map_size(a) != cel::map_size(b)) return false;
      for (std::uint32_t i = 0; i < cel::map_size(a); ++i) {
        const cel::MapEntry entry = cel::map_entry(a, i, scratch);
        bool found = false;
        for (std::uint32_t j = 0; j < cel::map_size(b) && !found; ++j) {
          const cel::MapEntry other = cel::map_entry(b, j, scratch);
          found = same_value(entry.key, other.key, scratch) && same_value(entry.value, other.value, scratch);
        }
        if (!found) return false;
      }
      return true;
    }
    default:
      return cel::equal(a, b, scratch);
  }
}

std::string shown(cel::Value value, cel::Scratch& scratch) {
  switch (value.kind()) {
    case ValueKind::kError:
      return fmt::format("error({})", value.evaluation_error().message);
    case ValueKind::kNull:
      return "null";
    case ValueKind::kBool:
      return value.as_bool() ? "true" : "false";
    case ValueKind::kInt:
      return fmt::format("{}", value.as_int());
    case ValueKind::kUint:
      return fmt::format("{}u", value.as_uint());
    case ValueKind::kDouble:
      return fmt::format("double({})", value.as_double());
    case ValueKind::kString:
      return fmt::format("\"{}\"", value.text());
    case ValueKind::kBytes:
      return fmt::format("{} octets", value.text().size());
    case ValueKind::kType:
      return fmt::format("type {}", value.text());
    case ValueKind::kDuration:
    case ValueKind::kTimestamp:
      return fmt::format("{}({}s {}ns)", cel::type_name_of(value), value.seconds(), value.nanoseconds());
    case ValueKind::kList: {
      std::string text = "[";
      for (std::uint32_t i = 0; i < cel::list_size(value); ++i)
        text += (i == 0 ? "" : ", ") + shown(cel::list_element(value, i, scratch), scratch);
      return text + "]";
    }
    case ValueKind::kMap: {
      std::string text = "{";
      for (std::uint32_t i = 0; i < cel::map_size(value); ++i) {
        const cel::MapEntry entry = cel::map_entry(value, i, scratch);
        text += (i == 0 ? "" : ", ") + shown(entry.key, scratch) + ": " + shown(entry.value, scratch);
      }
      return text + "}";
    }
    default:
      return std::string(cel::type_name_of(value));
  }
}

}  // namespace agentos::cel_conformance
