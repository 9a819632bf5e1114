// See syscall_tools.h.
#include "server/mcp_door/syscall_tools.h"

#include <algorithm>

namespace agentos::mcp_door {
namespace {

json::Value schema_of_type(abi::Type type, const abi::FieldInfo& field);

json::Value schema_of_field(const abi::FieldInfo& field) {
  json::Value schema = schema_of_type(field.type, field);
  if (!field.summary.empty()) schema.as_object()["description"] = field.summary;
  return schema;
}

json::Value schema_of_type(abi::Type type, const abi::FieldInfo& field) {
  json::Object schema;
  switch (type) {
    case abi::Type::kBoolean:
      schema["type"] = "boolean";
      break;
    case abi::Type::kInteger:
      schema["type"] = "integer";
      schema["minimum"] = field.rules.minimum;
      schema["maximum"] = field.rules.maximum;
      break;
    case abi::Type::kNumber:
      schema["type"] = "number";
      break;
    case abi::Type::kText:
      schema["type"] = "string";
      if (!field.rules.choices.empty()) {
        json::Array choices;
        for (std::string_view choice : field.rules.choices) choices.emplace_back(choice);
        schema["enum"] = std::move(choices);
      }
      break;
    case abi::Type::kBytes: {
      json::Object base64{{"type", "object"}};
      base64["properties"] = json::Object{{"base64", json::Object{{"type", "string"}}}};
      base64["required"] = json::Array{"base64"};
      base64["additionalProperties"] = false;
      schema["anyOf"] = json::Array{json::Object{{"type", "string"}}, std::move(base64)};
      break;
    }
    case abi::Type::kJson:
      if (field.rules.json_object) schema["type"] = "object";
      break;
    case abi::Type::kList:
      schema["type"] = "array";
      schema["items"] = schema_of_type(field.item, field);
      schema["maxItems"] = field.rules.size_max;
      break;
    case abi::Type::kStruct:
      if (field.structure != nullptr) return schema_of(*field.structure);
      schema["type"] = "object";
      break;
  }
  return schema;
}

}  // namespace

json::Value schema_of(const abi::StructInfo& structure) {
  json::Object properties;
  json::Array required;
  for (const abi::FieldInfo& field : structure.fields) {
    properties[field.name] = schema_of_field(field);
    if (field.required) required.emplace_back(field.name);
  }
  json::Object schema{{"type", "object"}};
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

const abi::Row* agent_row(std::string_view name) {
  const abi::Row* row = abi::find_row(name);
  if (row == nullptr || row->support != abi::Support::full) return nullptr;
  return row->subject == abi::Subject::agent || row->subject == abi::Subject::any ? row : nullptr;
}

json::Array syscall_tools(const std::vector<std::string>* rights) {
  json::Array tools;
  for (const abi::Row& row : abi::rows()) {
    if (agent_row(row.name) == nullptr) continue;
    if (rights != nullptr && std::ranges::find(*rights, row.right_name) == rights->end()) continue;
    json::Object annotations{{"readOnlyHint", row.effect == abi::Effect::none}};
    annotations["openWorldHint"] = row.effect == abi::Effect::external;
    json::Object tool;
    tool["name"] = std::string(kSyscallToolPrefix) + std::string(row.name);
    tool["description"] = row.summary;
    tool["inputSchema"] = schema_of(*row.request.info);
    tool["outputSchema"] = schema_of(*row.reply.info);
    tool["annotations"] = std::move(annotations);
    tools.emplace_back(std::move(tool));
  }
  return tools;
}

}  // namespace agentos::mcp_door
