// Translating between MCP's shapes and the table's.
#include "server/unix_door/mcp_methods.h"

#include <algorithm>

namespace agentos::unix_door {
namespace {

using abi::CallOutput;

constexpr std::string_view kProtocolVersions[] = {"2025-06-18", "2025-03-26", "2024-11-05"};  // newest first

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
      if (field.structure != nullptr) return mcp_schema(*field.structure);
      schema["type"] = "object";
      break;
  }
  return schema;
}

void add_syscalls(json::Array& tools) {
  for (const abi::Row& row : abi::rows()) {
    const bool for_agents = row.subject == abi::Subject::agent || row.subject == abi::Subject::any;
    if (!for_agents || row.support != abi::Support::full) continue;
    json::Object annotations{{"readOnlyHint", row.effect == abi::Effect::none}};
    json::Object tool;
    tool["name"] = std::string(kSyscallToolPrefix) + std::string(row.name);
    tool["description"] = row.summary;
    tool["inputSchema"] = mcp_schema(*row.request.info);
    tool["annotations"] = std::move(annotations);
    tools.emplace_back(std::move(tool));
  }
}

json::Value tool_list(const abi::ToolsReply& reply, McpShape shape) {
  json::Array tools;
  for (const abi::ToolEntry& entry : reply.tools) {
    json::Object tool;
    tool["name"] = entry.name;
    tool["description"] = entry.summary;
    json::Value schema = entry.input_schema.is_object() ? entry.input_schema : json::Value(json::Object{});
    if (schema.find("type") == nullptr) schema.as_object()["type"] = "object";  // MCP wants it said
    tool["inputSchema"] = std::move(schema);
    tool["annotations"] = json::Object{{"readOnlyHint", entry.read_only}};
    tools.emplace_back(std::move(tool));
  }
  if (shape == McpShape::kAgentToolList) add_syscalls(tools);
  json::Object result;
  result["tools"] = std::move(tools);
  return result;
}

json::Value text_result(std::string text, bool is_error) {
  json::Object part{{"type", "text"}};
  part["text"] = std::move(text);
  json::Object result;
  result["content"] = json::Array{json::Value(std::move(part))};
  result["isError"] = is_error;
  return result;
}

json::Value tool_result(const CallOutput& output, McpShape shape) {
  if (shape == McpShape::kExecResult && output.reply) {
    const json::Value& value = static_cast<const abi::ExecReply*>(output.reply.get())->result;
    json::Value result = text_result(value.is_string() ? value.as_string() : json::write(value), false);
    if (value.is_object()) result.as_object()["structuredContent"] = value;
    return result;
  }
  return text_result(output.reply_json.empty() ? "{}" : output.reply_json, false);
}

// Errors about the request itself are the protocol's; everything else is a result the model may read.
bool is_protocol_error(ErrorCode code) {
  return code == abi::error::tool_not_registered || code == abi::error::unknown_call ||
         code == abi::error::invalid_request || code == abi::error::malformed;
}

}  // namespace

McpMethod mcp_method(std::string_view name) {
  if (name == "ping") return McpMethod::kPing;
  if (name == "initialize") return McpMethod::kInitialize;
  if (name == "tools/list") return McpMethod::kToolsList;
  if (name == "tools/call") return McpMethod::kToolsCall;
  return McpMethod::kNone;
}

json::Value mcp_schema(const abi::StructInfo& structure) {
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

std::string mcp_initialize_result(const json::Value& params) {
  const std::string_view asked = params.string_or("protocolVersion", "");
  const bool known =
      std::find(std::begin(kProtocolVersions), std::end(kProtocolVersions), asked) != std::end(kProtocolVersions);
  json::Object server{{"name", "agentos"}, {"version", AGENTOS_VERSION}};
  json::Object capabilities{{"tools", json::Object{{"listChanged", false}}}};
  json::Object result;
  result["protocolVersion"] = known ? asked : kProtocolVersions[0];
  result["capabilities"] = std::move(capabilities);
  result["serverInfo"] = std::move(server);
  return json::write(json::Value(std::move(result)));
}

Result<McpCall> mcp_tool_call(json::Value params) {
  const json::Value* name = params.find("name");
  if (name == nullptr || !name->is_string()) {
    return fail(abi::error::invalid_argument, "tools/call: \"name\" must be text", "see tools/list");
  }
  json::Value arguments = json::Object{};
  if (json::Value* given = params.as_object().find("arguments")) {
    if (!given->is_object()) return fail(abi::error::invalid_argument, "tools/call: \"arguments\" must be an object");
    arguments = std::move(*given);
  }
  const std::string tool = name->as_string();
  if (tool.starts_with(kSyscallToolPrefix)) {
    return McpCall{tool.substr(kSyscallToolPrefix.size()), std::move(arguments), McpShape::kToolResult};
  }
  json::Object request;
  request["tool"] = tool;
  request["arguments"] = std::move(arguments);
  return McpCall{"exec", std::move(request), McpShape::kExecResult};
}

void mcp_write_reply(std::string& out, const abi::rpc::Id& id, McpShape shape, const CallOutput& output) {
  const bool is_list = shape == McpShape::kAgentToolList || shape == McpShape::kOperatorToolList;
  if (output.status) {
    const json::Value result = is_list && output.reply
                                   ? tool_list(*static_cast<const abi::ToolsReply*>(output.reply.get()), shape)
                                   : tool_result(output, shape);
    return abi::rpc::write_result(out, id, json::write(result));
  }
  const Error& error = output.status.error();
  if (is_list || is_protocol_error(error.code)) return abi::rpc::write_error(out, id, error, output.denial);
  const abi::ErrorInfo& info = abi::error_info(error.code);
  std::string text = json::to_valid_utf8(error.message.empty() ? info.sentence : std::string_view(error.message));
  if (!error.hint.empty()) text += " (" + json::to_valid_utf8(error.hint) + ")";
  json::Value result = text_result(std::string(info.name) + ": " + text, true);
  abi::rpc::write_result(out, id, json::write(result));
}

}  // namespace agentos::unix_door
