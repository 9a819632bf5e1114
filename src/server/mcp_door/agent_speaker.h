// AgentSpeaker: the kernel as an MCP server on an agent's own connection, of either era.
//
// Tools are the tools the agent may run, the calls of the table it has the right to ("syscall.<row>") and the kernel's
// own (kernel_tools.h); resources are its namespace; prompts are fixed texts. Each request with an effect is a call of
// the connection's session, decided and recorded like any other: whose it is comes from the connection, and a field
// that names another agent is refused. A request is answered once; a cancelled one is not answered.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "abi/speaker.h"
#include "lib/mcp/serving_session.h"

namespace agentos::mcp_door {

class AgentSpeaker final : public abi::Speaker {
 public:
  // Null unless the first request is MCP's: initialize, or one that says a revision in its _meta.
  static std::unique_ptr<abi::Speaker> of(std::string_view method, const json::Value& params, abi::SpokenLine& line);

  explicit AgentSpeaker(abi::SpokenLine& line) : line_(line) {}
  void take(std::string_view line) override;
  void too_long() override;
  void notified(const abi::Notification& notification) override;

 private:
  using Then = std::function<void(abi::CallOutput)>;

  void take_message(mcp::Message message);
  void take_request(const mcp::Asked& asked);
  void answer(const mcp::Asked& asked, json::Value result, std::vector<io::Fd> descriptors = {});
  void answer_error(const mcp::Asked& asked, const mcp::RpcError& error);
  // The row, as a part of answering `asked`; refused here when too much is under way.
  void make(const mcp::Asked& asked, std::string row, json::Value params, Then then);

  // agent_tools.cc
  void list_tools(const mcp::Asked& asked);
  void call_tool(const mcp::Asked& asked);
  void run_row(const mcp::Asked& asked, std::string row, json::Value params);
  void execute(const mcp::Asked& asked, const json::Value& arguments);

  // agent_resources.cc
  void list_resources(const mcp::Asked& asked);
  void list_templates(const mcp::Asked& asked);
  void read_resource(const mcp::Asked& asked);
  void list_mounts(const mcp::Asked& asked, std::shared_ptr<json::Array> resources, std::vector<std::string> folders);
  void list_policies(const mcp::Asked& asked, std::shared_ptr<json::Array> resources);
  void read_policy(const mcp::Asked& asked, const std::string& name);
  void read_file(const mcp::Asked& asked, const std::string& path);
  void read_folder(const mcp::Asked& asked, const std::string& path);

  // agent_prompts.cc
  void list_prompts(const mcp::Asked& asked);
  void get_prompt(const mcp::Asked& asked);

  abi::SpokenLine& line_;
  mcp::ServingSession serving_;
};

// The answer to a call of the table as a CallToolResult: of exec what the tool gave, of others the reply.
json::Value tool_result(const abi::CallOutput& output);

}  // namespace agentos::mcp_door
