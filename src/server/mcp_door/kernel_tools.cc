// See kernel_tools.h.
#include "server/mcp_door/kernel_tools.h"

#include "abi/codes.h"
#include "server/mcp_door/syscall_tools.h"

namespace agentos::mcp_door {
namespace {

json::Value property(std::string_view type, std::string_view description) {
  return json::Object{{"type", type}, {"description", description}};
}

json::Value execute_tool() {
  json::Object properties;
  properties["action"] = property("string", "A call of the kernel (write), file_write, or a tool you may run.");
  properties["params"] = property("object", "Its arguments.");
  properties["agent_id"] = property("string", "Your own id, when given: who calls is known without it.");
  json::Value policies = property("array", "Names of policies that must be in force for you, or nothing is done.");
  policies.as_object()["items"] = json::Object{{"type", "string"}};
  properties["policies"] = std::move(policies);
  properties["context"] = property("object", "Not looked at.");
  json::Object schema{{"type", "object"}};
  schema["properties"] = std::move(properties);
  schema["required"] = json::Array{"action"};
  schema["additionalProperties"] = false;
  json::Object tool{{"name", kToolExecute}};
  tool["description"] = "Carry out an action under the policy in force: a call of the kernel, or a registered tool.";
  tool["inputSchema"] = std::move(schema);
  tool["annotations"] = json::Object{{"readOnlyHint", false}};
  return json::Value(std::move(tool));
}

Status check_members(const json::Value& arguments) {
  static constexpr std::string_view kKnown[] = {"action", "params", "agent_id", "policies", "context"};
  for (const auto& [name, value] : arguments.as_object()) {
    bool known = false;
    for (const std::string_view one : kKnown) known = known || one == name;
    if (!known) {
      return fail(abi::error::invalid_argument, "kernel_execute has no argument \"" + json::to_valid_utf8(name) + "\"");
    }
    const bool object = name == "params" || name == "context";
    const bool fits = object ? value.is_object() : name == "policies" ? value.is_array() : value.is_string();
    if (!fits) {
      return fail(abi::error::invalid_argument, std::string("kernel_execute: \"") + std::string(name) + "\" must be " +
                                                    (object               ? "an object"
                                                     : name == "policies" ? "a list"
                                                                          : "text"));
    }
  }
  return {};
}

}  // namespace

json::Array kernel_tools() { return {execute_tool()}; }

Result<KernelAction> kernel_action(const json::Value& arguments, const std::string& agent) {
  TRY(check_members(arguments));
  const std::string action(arguments.string_or("action", ""));
  if (action.empty()) return fail(abi::error::invalid_argument, "kernel_execute: \"action\" is missing");
  if (const json::Value* claimed = arguments.find("agent_id"); claimed != nullptr && claimed->as_string() != agent) {
    return fail(abi::error::not_permitted, "\"agent_id\" is not the caller's",
                "leave it out: who calls comes from the connection");
  }
  KernelAction out;
  if (const json::Value* policies = arguments.find("policies"); policies != nullptr) {
    for (const json::Value& name : policies->as_array()) {
      if (!name.is_string()) return fail(abi::error::invalid_argument, "kernel_execute: \"policies\" must hold names");
      out.policies.push_back(name.as_string());
    }
  }
  json::Value params = json::Object{};
  if (const json::Value* given = arguments.find("params"); given != nullptr) params = *given;
  if (action == "file_write") {
    if (json::Value* content = params.as_object().find("content"); content != nullptr) {
      json::Value data = std::move(*content);
      params.as_object().erase("content");
      params.as_object()["data"] = std::move(data);
    }
    out.row = "write";
    out.request = std::move(params);
    return out;
  }
  if (agent_row(action) != nullptr) {
    out.row = action;
    out.request = std::move(params);
    return out;
  }
  out.row = "exec";
  json::Object request{{"tool", action}};
  request["arguments"] = std::move(params);
  out.request = std::move(request);
  return out;
}

}  // namespace agentos::mcp_door
