// exec: built-in and host tools, schema checks, errors by number, deadlines, and others who do not wait.
#include <chrono>
#include <thread>

#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class ExecCall : public CallTest {
 protected:
  void add_host_tool(const std::string& name, tool::HostFunction function, std::int64_t timeout_ms = 30'000) {
    tool::Manifest manifest;
    manifest.name = name;
    manifest.summary = "A tool of this test.";
    manifest.runs = tool::Runs::kHost;
    manifest.timeout_ms = timeout_ms;
    ASSERT_TRUE(world()
                    .kernel()
                    .tools()
                    .add(manifest, world().kernel().host_executors().make(std::move(function)))
                    .has_value());
  }
};

TEST_P(ExecCall, runs_a_host_function_with_its_arguments) {
  add_host_tool("double", [](const json::Value& arguments, const std::atomic<bool>&) -> Result<json::Value> {
    return json::Value(arguments.int_or("n", 0) * 2);
  });
  auto agent = world().agent();
  const json::Value reply = agent->must("exec", {{"tool", "double"}, {"arguments", json::Object{{"n", 21}}}});
  EXPECT_EQ(*reply.find("result"), json::Value(42));
}

TEST_P(ExecCall, an_unregistered_tool_is_404_and_no_name_is_invalid) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("exec", {{"tool", "nothing"}}), -404);
  EXPECT_EQ(agent->code("exec"), -100);
  EXPECT_EQ(agent->code("exec", {{"tool", "echo"}, {"arguments", 5}}), -100);
}

TEST_P(ExecCall, a_tool_that_throws_fails_and_the_kernel_lives) {
  add_host_tool("thrower", [](const json::Value&, const std::atomic<bool>&) -> Result<json::Value> {
    throw std::runtime_error("out of cheese");
  });
  auto agent = world().agent();
  auto reply = agent->call("exec", {{"tool", "thrower"}});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(static_cast<int>(reply.error().code), -500);
  EXPECT_NE(reply.error().message.find("out of cheese"), std::string::npos);
  EXPECT_EQ(agent->must("status").string_or("state", ""), "running");
}

TEST_P(ExecCall, arguments_must_fit_the_schema) {
  std::atomic<int> ran{0};
  tool::Manifest manifest;
  manifest.name = "strict";
  manifest.summary = "Takes a number.";
  manifest.runs = tool::Runs::kHost;
  manifest.input_schema = *json::parse(
      R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false})");
  ASSERT_TRUE(world()
                  .kernel()
                  .tools()
                  .add(manifest, world().kernel().host_executors().make(
                                     [&](const json::Value&, const std::atomic<bool>&) -> Result<json::Value> {
                                       ++ran;
                                       return json::Value(true);
                                     }))
                  .has_value());
  auto agent = world().agent();
  EXPECT_EQ(agent->code("exec", {{"tool", "strict"}, {"arguments", json::Object{{"n", "text"}}}}), -100);
  EXPECT_EQ(agent->code("exec", {{"tool", "strict"}}), -100);
  EXPECT_EQ(agent->code("exec", {{"tool", "strict"}, {"arguments", json::Object{{"n", 1}, {"m", 2}}}}), -100);
  EXPECT_EQ(ran.load(), 0);
  agent->must("exec", {{"tool", "strict"}, {"arguments", json::Object{{"n", 1}}}});
  EXPECT_EQ(ran.load(), 1);
}

TEST_P(ExecCall, a_slow_tool_is_cut_at_its_deadline_and_delays_nobody) {
  add_host_tool("sleeper", [](const json::Value&, const std::atomic<bool>& cancelled) -> Result<json::Value> {
    for (int i = 0; i < 1000 && !cancelled; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return json::Value(true);
  });
  auto slow = world().agent("slow");
  auto quick = world().agent("quick");
  quick->must("write", {{"path", "/state/f"}, {"data", "x"}});
  const auto sleeping = slow->start_call("exec", {{"tool", "sleeper"}, {"timeout_ms", 300}});
  const auto start = std::chrono::steady_clock::now();
  quick->must("read", {{"path", "/state/f"}});
  slow->must("status");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(250))
      << "they did not wait for the tool";
  auto cut = slow->finish_call(sleeping);
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(static_cast<int>(cut.error().code), -107);
}

TEST_P(ExecCall, denied_call_reaches_no_tool) {
  std::atomic<int> ran{0};
  add_host_tool("secret", [&](const json::Value&, const std::atomic<bool>&) -> Result<json::Value> {
    ++ran;
    return json::Value(1);
  });
  auto agent = world().agent("fenced", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: fenced}
spec:
  rules:
    - {name: no-secret, syscalls: [exec], tools: [secret], action: deny}
    - {name: rest, syscalls: ["*"], action: allow}
)");
  EXPECT_EQ(agent->code("exec", {{"tool", "secret"}}), -2);
  EXPECT_EQ(ran.load(), 0);
}

TEST_P(ExecCall, without_policy_tools_are_denied) {
  auto agent = world().agent("bare", "");
  EXPECT_EQ(agent->code("exec", {{"tool", "echo"}, {"arguments", json::Object{{"text", "x"}}}}), -2);
}

AGENTOS_BOTH_WAYS(ExecCall);

}  // namespace
}  // namespace agentos::test
