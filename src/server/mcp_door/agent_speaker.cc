// See agent_speaker.h. Lines in, answers out; what a request means is in agent_tools.cc, agent_resources.cc and
// agent_prompts.cc.
#include "server/mcp_door/agent_speaker.h"

#include <utility>

#include "server/mcp_door/denial.h"

namespace agentos::mcp_door {
namespace {

constexpr std::string_view kInstructions =
    "This is your kernel. Tools named syscall.* are its calls, the others are tools you may run; each is decided by "
    "policy and recorded. A denial says which rule and why; do not try the same again unless it says so.";

mcp::ServerIdentity kernel_identity() {
  mcp::ServerIdentity server;
  server.info = json::Object{{"name", "agentos"}, {"title", "AgentOS kernel"}, {"version", AGENTOS_VERSION}};
  json::Object capabilities;
  capabilities["tools"] = json::Object{};
  capabilities["resources"] = json::Object{};
  capabilities["prompts"] = json::Object{};
  capabilities["logging"] = json::Object{};
  server.capabilities = std::move(capabilities);
  server.instructions = kInstructions;
  return server;
}

}  // namespace

std::unique_ptr<abi::Speaker> AgentSpeaker::of(std::string_view method, const json::Value& params,
                                               abi::SpokenLine& line) {
  const json::Value* meta = mcp::meta_of(params);
  const bool modern = meta != nullptr && meta->find(mcp::kMetaVersion) != nullptr;
  if (!modern && method != "initialize" && method != "server/discover") return nullptr;
  return std::make_unique<AgentSpeaker>(line);
}

void AgentSpeaker::take(std::string_view line) {
  auto messages = mcp::parse(line, serving_.batches());
  if (!messages) {
    line_.reject({abi::error::malformed, messages.error().error.message, {}});
    std::string out;
    mcp::write_error(out, messages.error().id, messages.error().error);
    return line_.write(out, {});
  }
  for (mcp::Message& message : *messages) take_message(std::move(message));
}

void AgentSpeaker::too_long() {
  line_.reject({abi::error::too_large, "a line is longer than 1048576 octets", {}});
  std::string out;
  mcp::write_error(out, {}, {mcp::kInvalidRequest, "the message is larger than 1048576 octets", {}});
  line_.write(out, {});
}

void AgentSpeaker::take_message(mcp::Message message) {
  using What = mcp::ServingSession::Taken::What;
  if (message.kind == mcp::Message::Kind::kRequest && line_.is_under_way(message.id)) {
    std::string out;
    mcp::write_error(out, message.id, {mcp::kInvalidRequest, "a request with this id is not answered yet", {}});
    return line_.write(out, {});
  }
  std::string out;
  const mcp::ServingSession::Taken taken = serving_.take(std::move(message), out);
  if (taken.what == What::kInitialize) serving_.initialized(taken.asked, kernel_identity(), out);
  if (taken.what == What::kDiscover) mcp::ServingSession::discovered(taken.asked, kernel_identity(), out);
  if (!out.empty()) line_.write(out, {});
  if (taken.what == What::kRequest) take_request(taken.asked);
  if (taken.what == What::kCancelled) line_.cancel(taken.cancelled);
}

void AgentSpeaker::take_request(const mcp::Asked& asked) {
  const std::string_view method = asked.method;
  if (method == "tools/list") return list_tools(asked);
  if (method == "tools/call") return call_tool(asked);
  if (method == "resources/list") return list_resources(asked);
  if (method == "resources/templates/list") return list_templates(asked);
  if (method == "resources/read") return read_resource(asked);
  if (method == "prompts/list") return list_prompts(asked);
  if (method == "prompts/get") return get_prompt(asked);
  if (method == "logging/setLevel") return answer(asked, json::Object{});
  answer_error(asked, {mcp::kMethodNotFound, "the kernel has no " + asked.method, {}});
}

void AgentSpeaker::answer(const mcp::Asked& asked, json::Value result, std::vector<io::Fd> descriptors) {
  std::string out;
  mcp::ServingSession::answer(asked, std::move(result), kernel_identity().info, out);
  if (out.size() > mcp::kLineBytesMax) {
    return answer_error(asked, {mcp::kInternalError, "the answer does not fit into a message of 4194304 octets", {}});
  }
  line_.write(out, std::move(descriptors));
}

void AgentSpeaker::answer_error(const mcp::Asked& asked, const mcp::RpcError& error) {
  std::string out;
  mcp::ServingSession::answer_error(asked, error, out);
  line_.write(out, {});
}

void AgentSpeaker::make(const mcp::Asked& asked, std::string row, json::Value params, Then then) {
  const bool taken =
      line_.submit(asked.id, std::move(row), std::move(params), [then = std::move(then)](abi::CallOutput output) {
        // Whoever cancels a request wants no answer to it.
        const bool over = !output.status && output.status.error().code == abi::error::cancelled;
        if (!over) then(std::move(output));
      });
  if (!taken) answer_error(asked, {mcp::kInternalError, "256 requests are under way already; wait for answers", {}});
}

// A signal is told as a line of a log, to clients that may be told unasked.
void AgentSpeaker::notified(const abi::Notification& notification) {
  if (!serving_.is_legacy()) return;
  json::Object params;
  params["level"] = "notice";
  params["logger"] = notification.method;
  auto data = json::parse(notification.params);
  params["data"] = data ? std::move(*data) : json::Value();
  std::string out;
  mcp::write_notification(out, "notifications/message", json::Value(std::move(params)));
  line_.write(out, {});
}

}  // namespace agentos::mcp_door
