// An agent's tools over MCP: those it may run, the calls of the table, and the kernel's own.
#include <algorithm>
#include <utility>

#include "server/mcp_door/agent_speaker.h"
#include "server/mcp_door/denial.h"
#include "server/mcp_door/kernel_tools.h"
#include "server/mcp_door/syscall_tools.h"

namespace agentos::mcp_door {
namespace {

json::Value tool_of(abi::ToolEntry& entry) {
  if (entry.definition.is_object()) return std::move(entry.definition);
  json::Object tool;
  tool["name"] = entry.name;
  tool["description"] = entry.summary;
  json::Value schema = entry.input_schema.is_object() ? std::move(entry.input_schema) : json::Value(json::Object{});
  if (schema.find("type") == nullptr) schema.as_object()["type"] = "object";  // MCP wants it said
  tool["inputSchema"] = std::move(schema);
  tool["annotations"] = json::Object{{"readOnlyHint", entry.read_only}};
  return json::Value(std::move(tool));
}

bool has_policy(const json::Value& summary, std::string_view name) {
  const json::Value* documents = summary.find("documents");
  return documents != nullptr && documents->is_array() &&
         std::ranges::any_of(documents->as_array(),
                             [&](const json::Value& document) { return document.string_or("name", "") == name; });
}

// A result of an MCP server's tool is one already.
bool is_tool_result(const json::Value& value) {
  const json::Value* content = value.is_object() ? value.find("content") : nullptr;
  return content != nullptr && content->is_array() && value.find("isError") != nullptr;
}

}  // namespace

json::Value tool_result(const abi::CallOutput& output) {
  json::Value value;
  if (output.row != nullptr && output.row->call == abi::Call::kExec && output.reply != nullptr) {
    value = static_cast<const abi::ExecReply*>(output.reply.get())->result;
    if (is_tool_result(value)) return value;
  } else if (auto reply = json::parse(output.reply_json, {.bytes_max = abi::rpc::kLineBytesMax})) {
    value = std::move(*reply);
  }
  json::Object part{{"type", "text"}};
  part["text"] = value.is_string() ? value.as_string() : json::write(value);
  json::Object result;
  result["content"] = json::Array{json::Value(std::move(part))};
  result["isError"] = false;
  if (value.is_object()) result["structuredContent"] = std::move(value);
  return json::Value(std::move(result));
}

// First what the agent has a right to, then what it may run.
void AgentSpeaker::list_tools(const mcp::Asked& asked) {
  make(asked, "status", json::Object{}, [this, asked](const abi::CallOutput& status) {
    json::Array tools = status.status ? syscall_tools(&static_cast<const abi::StatusReply*>(status.reply.get())->rights)
                                      : syscall_tools(nullptr);
    make(asked, "tools", json::Object{},
         [this, asked, tools = std::move(tools)](const abi::CallOutput& output) mutable {
           if (!output.status) return answer_error(asked, rpc_error_of(output));
           json::Array all = kernel_tools();
           for (abi::ToolEntry& entry : static_cast<abi::ToolsReply*>(output.reply.get())->tools) {
             if (entry.name != kToolExecute && !entry.name.starts_with(kSyscallToolPrefix))
               all.push_back(tool_of(entry));
           }
           for (json::Value& tool : tools) all.push_back(std::move(tool));
           json::Object result;
           result["tools"] = std::move(all);
           answer(asked, json::Value(std::move(result)));
         });
  });
}

void AgentSpeaker::call_tool(const mcp::Asked& asked) {
  const json::Value* named = asked.params.find("name");
  if (named == nullptr || !named->is_string()) {
    return answer_error(asked, {mcp::kInvalidParams, "tools/call: \"name\" must be text; see tools/list", {}});
  }
  const std::string& name = named->as_string();
  json::Value arguments = json::Object{};
  if (const json::Value* given = asked.params.find("arguments"); given != nullptr) {
    if (!given->is_object()) {
      return answer_error(asked, {mcp::kInvalidParams, "tools/call: \"arguments\" must be an object", {}});
    }
    arguments = *given;
  }
  if (name == kToolExecute) return execute(asked, arguments);
  if (name.starts_with(kSyscallToolPrefix)) {
    std::string row = name.substr(kSyscallToolPrefix.size());
    if (agent_row(row) == nullptr) {
      return answer_error(asked, {mcp::kInvalidParams, "there is no tool of that name here", {}});
    }
    return run_row(asked, std::move(row), std::move(arguments));
  }
  json::Object request;
  request["tool"] = name;
  request["arguments"] = std::move(arguments);
  run_row(asked, "exec", json::Value(std::move(request)));
}

void AgentSpeaker::run_row(const mcp::Asked& asked, std::string row, json::Value params) {
  make(asked, std::move(row), std::move(params), [this, asked](abi::CallOutput output) {
    if (output.status) return answer(asked, tool_result(output), std::move(output.descriptors));
    if (const auto error = protocol_error(output)) return answer_error(asked, *error);
    answer(asked, denial_result(output.status.error(), output.denial));
  });
}

void AgentSpeaker::execute(const mcp::Asked& asked, const json::Value& arguments) {
  auto action = kernel_action(arguments, line_.agent());
  if (!action) {
    line_.reject(action.error());
    return answer(asked, denial_result(action.error(), {}));
  }
  if (action->policies.empty()) return run_row(asked, std::move(action->row), std::move(action->request));
  make(asked, "getpolicy", json::Object{},
       [this, asked, action = std::move(*action)](const abi::CallOutput& output) mutable {
         if (!output.status) return answer(asked, denial_result(output.status.error(), output.denial));
         const json::Value& documents = static_cast<const abi::GetpolicyReply*>(output.reply.get())->documents;
         for (const std::string& name : action.policies) {
           if (has_policy(documents, name)) continue;
           const Error error{abi::error::denied, "no policy \"" + name.substr(0, 128) + "\" is in force for you",
                             "syscall.getpolicy lists those that are"};
           line_.reject(error);
           return answer(asked, denial_result(error, {}));
         }
         run_row(asked, std::move(action.row), std::move(action.request));
       });
}

}  // namespace agentos::mcp_door
