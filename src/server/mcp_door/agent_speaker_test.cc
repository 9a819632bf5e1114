// What an agent's own connection says when it speaks MCP.
#include "server/mcp_door/agent_speaker.h"

#include <gtest/gtest.h>

#include "server/mcp_door/scripted_line.h"

namespace agentos::mcp_door {
namespace {

class AgentSpeakerTest : public testing::Test {
 protected:
  // What is answered to one line, which must be one message.
  json::Value say(const std::string& line) {
    line_.written.clear();
    speaker_.take(line);
    auto parsed = json::parse(line_.written, {.bytes_max = 8 << 20, .depth_max = 64});
    return parsed ? *parsed : json::Value(line_.written);
  }
  json::Value ask(const std::string& method, const std::string& params = "{}") {
    return say(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}");
  }
  json::Value result(const std::string& method, const std::string& params = "{}") {
    const json::Value reply = ask(method, params);
    const json::Value* value = reply.find("result");
    return value == nullptr ? reply : *value;
  }
  std::int64_t code(const json::Value& reply) {
    const json::Value* error = reply.find("error");
    return error == nullptr ? 0 : error->int_or("code", 0);
  }
  void start() { (void)ask("initialize", R"({"protocolVersion":"2025-11-25","capabilities":{}})"); }

  ScriptedLine line_;
  AgentSpeaker speaker_{line_};
};

TEST_F(AgentSpeakerTest, only_what_begins_as_mcp_is_spoken_with) {
  const json::Value none = json::Object{};
  EXPECT_NE(AgentSpeaker::of("initialize", none, line_), nullptr);
  EXPECT_NE(AgentSpeaker::of("server/discover", none, line_), nullptr);
  EXPECT_NE(AgentSpeaker::of("tools/list", *json::parse(R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"x"}})"),
                             line_),
            nullptr);
  EXPECT_EQ(AgentSpeaker::of("hello", none, line_), nullptr);
  EXPECT_EQ(AgentSpeaker::of("tools/list", none, line_), nullptr);
}

TEST_F(AgentSpeakerTest, only_calls_it_has_the_right_to_are_tools) {
  start();
  std::vector<std::string> names;
  const json::Value listed = result("tools/list");
  for (const json::Value& tool : listed.find("tools")->as_array()) names.emplace_back(tool.string_or("name", ""));
  EXPECT_TRUE(std::ranges::count(names, "kernel_execute") == 1 && std::ranges::count(names, "add") == 1);
  EXPECT_EQ(std::ranges::count(names, "syscall.exec"), 1);
  EXPECT_EQ(std::ranges::count(names, "syscall.write"), 0);
}

TEST_F(AgentSpeakerTest, a_tool_is_exec_and_a_denial_a_result) {
  start();
  EXPECT_EQ(json::write(*result("tools/call", R"({"name":"add","arguments":{"a":1}})").find("structuredContent")),
            R"({"a":1})");
  EXPECT_EQ(line_.calls.back(), R"(exec {"tool":"add","arguments":{"a":1}})");
  EXPECT_TRUE(result("tools/call", R"({"name":"syscall.unlink","arguments":{"path":"/a"}})").bool_or("isError", false));
  EXPECT_EQ(code(ask("tools/call", R"({"name":"syscall.spawn"})")), mcp::kInvalidParams);
  EXPECT_EQ(code(ask("tools/call", R"({"name":7})")), mcp::kInvalidParams);
}

TEST_F(AgentSpeakerTest, another_agents_name_is_refused_and_recorded) {
  start();
  EXPECT_TRUE(result("tools/call", R"({"name":"kernel_execute","arguments":{"action":"status","agent_id":"agent-2"}})")
                  .bool_or("isError", false));
  EXPECT_NE(code(ask("resources/read", R"({"uri":"vfs://agent-2/mem/working/a"})")), 0);
  EXPECT_EQ(line_.rejected, 2);
  EXPECT_TRUE(line_.calls.empty());
  EXPECT_EQ(result("resources/read", R"({"uri":"vfs://agent-1/mem/working/%61"})")
                .find("contents")
                ->as_array()[0]
                .string_or("text", ""),
            "x");
  EXPECT_EQ(result("resources/read", R"({"uri":"vfs://agent-1/policy/house"})")
                .find("contents")
                ->as_array()[0]
                .string_or("text", ""),
            R"({"name":"house"})");
}

TEST_F(AgentSpeakerTest, an_id_under_way_is_refused_and_a_cancelled_call_not_answered) {
  start();
  EXPECT_EQ(json::write(ask("tools/call", R"({"name":"syscall.recv"})")), "\"\"");
  EXPECT_EQ(code(ask("ping")), mcp::kInvalidRequest);
  EXPECT_EQ(json::write(say(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})")),
            "\"\"");
  EXPECT_EQ(code(ask("ping")), 0);
}

TEST_F(AgentSpeakerTest, too_much_under_way_is_told) {
  start();
  line_.waiting_max = 0;
  EXPECT_EQ(code(ask("tools/call", R"({"name":"add"})")), mcp::kInternalError);
  EXPECT_EQ(code(ask("resources/list")), mcp::kInternalError);
}

TEST_F(AgentSpeakerTest, a_signal_is_a_line_of_a_log_for_who_may_be_told_unasked) {
  speaker_.notified({"notifications/signal", R"({"signal":"SIGUSR1"})"});
  EXPECT_TRUE(line_.written.empty());
  start();
  line_.written.clear();
  speaker_.notified({"notifications/signal", R"({"signal":"SIGUSR1"})"});
  EXPECT_NE(line_.written.find(R"("method":"notifications/message")"), std::string::npos);
  EXPECT_NE(line_.written.find("SIGUSR1"), std::string::npos);
}

TEST_F(AgentSpeakerTest, what_is_too_long_or_no_message_is_told_and_recorded) {
  start();
  line_.written.clear();
  speaker_.too_long();
  EXPECT_NE(line_.written.find("1048576"), std::string::npos);
  EXPECT_EQ(code(say("{")), mcp::kParseError);
  EXPECT_EQ(line_.rejected, 2);
}

}  // namespace
}  // namespace agentos::mcp_door
