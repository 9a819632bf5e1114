// Fields to JSON Schema. maxLength counts characters and our bounds octets, so a schema accepts a little more than the
// codec does; the codec has the last word.
#include "apps/abigen/json_schema.h"

#include "apps/abigen/words.h"

namespace agentos::abigen {
namespace {

using abi::FieldInfo;
using abi::Type;

json::Object schema_of_text(const FieldInfo& field) {
  json::Object schema{{"type", "string"}};
  if (!field.rules.choices.empty()) {
    json::Array words;
    for (std::string_view choice : field.rules.choices) words.push_back(choice);
    schema.append("enum", std::move(words));
  } else if (field.type == Type::kText && field.rules.size_max != abi::Rules{}.size_max) {
    schema.append("maxLength", static_cast<std::int64_t>(field.rules.size_max));
  }
  return schema;
}

json::Object schema_of_integer(const FieldInfo& field) {
  return json::Object{{"type", "integer"}, {"minimum", field.rules.minimum}, {"maximum", field.rules.maximum}};
}

json::Object schema_of_value(const FieldInfo& field, Type type, Nested nested) {
  switch (type) {
    case Type::kBoolean:
      return json::Object{{"type", "boolean"}};
    case Type::kInteger:
      return schema_of_integer(field);
    case Type::kNumber:
      return json::Object{{"type", "number"}};
    case Type::kText:
      return schema_of_text(field);
    case Type::kBytes:
      return nested == Nested::kInlined ? schema_of_bytes() : json::Object{{"$ref", reference_to("Bytes", nested)}};
    case Type::kJson:
      return field.rules.json_object ? json::Object{{"type", "object"}} : json::Object{};
    case Type::kList:
    case Type::kStruct:
      break;
  }
  if (nested == Nested::kInlined) return schema_of(*field.structure, nested);
  return json::Object{{"$ref", reference_to(field.structure->name, nested)}};
}

json::Object schema_of_field(const FieldInfo& field, Nested nested) {
  if (field.type != Type::kList) return schema_of_value(field, field.type, nested);
  json::Object schema{{"type", "array"}, {"items", schema_of_value(field, field.item, nested)}};
  if (field.rules.size_max != abi::Rules{}.size_max) {
    schema.append("maxItems", static_cast<std::int64_t>(field.rules.size_max));
  }
  return schema;
}

}  // namespace

std::string reference_to(std::string_view name, Nested nested) {
  return (nested == Nested::kComponents ? "#/components/schemas/" : "#/$defs/") + std::string(name);
}

json::Object schema_of_bytes() {
  json::Object encoded{
      {"type", "object"},
      {"properties", json::Object{{"base64", json::Object{{"type", "string"}, {"contentEncoding", "base64"}}}}},
      {"required", json::Array{"base64"}},
      {"additionalProperties", false}};
  return json::Object{{"anyOf", json::Array{json::Object{{"type", "string"}}, std::move(encoded)}}};
}

json::Object schema_of(const abi::StructInfo& info, Nested nested) {
  const json::Object defaults = defaults_of(info);
  json::Object properties;
  json::Array required;
  for (const FieldInfo& field : info.fields) {
    json::Object schema = schema_of_field(field, nested);
    schema["description"] = field.summary;
    if (json::Value value = telling_default(defaults, field); !value.is_null()) schema["default"] = std::move(value);
    properties.append(std::string(field.name), std::move(schema));
    if (field.required) required.push_back(field.name);
  }
  json::Object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema.append("required", std::move(required));
  schema.append("additionalProperties", false);
  return schema;
}

}  // namespace agentos::abigen
