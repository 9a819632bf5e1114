// See mcp_executor.h. The result of a tool is the server's whole CallToolResult: content, structured content, isError.
#include "lib/tool/executors/mcp/mcp_executor.h"

#include <utility>

#include <fmt/format.h>

#include "lib/tool/manifest_check.h"

namespace agentos::tool {
namespace {

class McpRunning final : public Running {
 public:
  McpRunning(std::weak_ptr<McpServer> server, std::uint64_t ticket) : server_(std::move(server)), ticket_(ticket) {}
  void cancel() override {
    if (const auto server = server_.lock(); server != nullptr && ticket_ != 0) server->cancel(ticket_, "cancelled");
  }

 private:
  std::weak_ptr<McpServer> server_;
  std::uint64_t ticket_;
};

ToolResult result_of(McpAnswer answer, const schema::Schema* output) {
  ToolResult result;
  if (answer.error) {
    result.status = answer.error->code == ErrorCode::kTimedOut    ? ToolResult::Status::kTimedOut
                    : answer.error->code == ErrorCode::kCancelled ? ToolResult::Status::kCancelled
                                                                  : ToolResult::Status::kFailed;
    result.error = answer.error->message;
    if (!answer.error->hint.empty()) result.error += " (" + answer.error->hint + ")";
    return result;
  }
  if (answer.rpc_error) {
    result.status = ToolResult::Status::kFailed;
    result.error = answer.rpc_error->message;
    json::Object told;
    told["code"] = answer.rpc_error->code;
    if (!answer.rpc_error->data.is_null()) told["data"] = std::move(answer.rpc_error->data);
    result.value = std::move(told);
    return result;
  }
  if (!answer.result.is_object()) {
    result.status = ToolResult::Status::kFailed;
    result.error = "MalformedOutput: the server's result is no object";
    return result;
  }
  const bool complete = mcp::kind_of_result(answer.result) == "complete";
  if (output != nullptr && complete && !answer.result.bool_or("isError", false)) {
    const json::Value* structured = answer.result.find("structuredContent");
    const json::Value nothing;
    const auto problems = output->validate(structured == nullptr ? nothing : *structured, 1);
    if (!problems.empty()) {
      result.status = ToolResult::Status::kFailed;
      result.error =
          "MalformedOutput: structuredContent does not fit the tool's outputSchema: " + problems[0].instance + " " +
          problems[0].message;
      return result;
    }
  }
  result.value = std::move(answer.result);
  return result;
}

class McpExecutor final : public Executor {
 public:
  McpExecutor(std::shared_ptr<McpServer> server, std::string tool, std::shared_ptr<const schema::Schema> output)
      : server_(std::move(server)), tool_(std::move(tool)), output_(std::move(output)) {}

  std::shared_ptr<Running> execute(const Manifest&, Invocation invocation,
                                   std::function<void(ToolResult)> done) override {
    McpServer::Request request;
    request.method = "tools/call";
    request.timeout_ms = invocation.timeout_ms;
    json::Object params;
    if (invocation.extra.is_object()) params = std::move(invocation.extra.as_object());
    if (const json::Value* level = params.find("logLevel"); level != nullptr && level->is_string()) {
      request.log_level = level->as_string();
    }
    params.erase("logLevel");
    params.erase("progress");
    if (const json::Value* client = params.find("client"); client != nullptr) {
      const json::Value* info = client->find("info");
      const json::Value* capabilities = client->find("capabilities");
      if (info != nullptr && capabilities != nullptr) request.client = mcp::ClientIdentity{*info, *capabilities};
    }
    params.erase("client");
    params["name"] = tool_;
    params["arguments"] = std::move(invocation.arguments);
    request.params = std::move(params);
    request.on_progress = std::move(invocation.on_progress);
    const std::uint64_t ticket =
        server_->request(std::move(request), [output = output_, done = std::move(done)](McpAnswer answer) {
          done(result_of(std::move(answer), output.get()));
        });
    return std::make_shared<McpRunning>(server_, ticket);
  }

 private:
  std::shared_ptr<McpServer> server_;
  std::string tool_;
  std::shared_ptr<const schema::Schema> output_;
};

}  // namespace

std::shared_ptr<Executor> make_mcp_executor(std::shared_ptr<McpServer> server, std::string tool,
                                            std::shared_ptr<const schema::Schema> output) {
  return std::make_shared<McpExecutor>(std::move(server), std::move(tool), std::move(output));
}

Result<Manifest> mcp_manifest(const std::string& server, const json::Value& definition, std::string name) {
  Manifest manifest;
  manifest.runs = Runs::kMcp;
  manifest.name = std::move(name);
  manifest.server = server;
  const std::string_view description = definition.string_or("description", "");
  manifest.summary = std::string(description.substr(0, kSummaryBytesMax));
  if (!json::valid_utf8(manifest.summary)) {
    while (!manifest.summary.empty() && !json::valid_utf8(manifest.summary)) manifest.summary.pop_back();
  }
  const json::Value* input = definition.find("inputSchema");
  if (input == nullptr || !input->is_object()) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("the tool \"{}\" has no inputSchema", manifest.name));
  }
  manifest.input_schema = *input;
  if (const json::Value* annotations = definition.find("annotations"); annotations != nullptr) {
    if (annotations->is_object()) manifest.annotations = *annotations;
  }
  manifest.read_only = manifest.annotations.bool_or("readOnlyHint", false);
  manifest.definition = definition;
  manifest.timeout_ms = kMcpCallTimeoutMs;
  return manifest;
}

}  // namespace agentos::tool
