// checkpolicy: the verdict the call itself would get, without effect and without being killed for asking.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class CheckpolicyCall : public CallTest {};

TEST_P(CheckpolicyCall, says_what_the_call_would_be_told) {
  auto agent = world().agent("strict", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: strict}
spec:
  rules:
    - {name: most, syscalls: [read, write, checkpolicy, status], action: allow}
    - {name: locked, syscalls: [write], paths: ["/state/locked/**"], action: deny, obligations: [kill]}
)");
  const auto check = [&](const char* path) {
    return agent->must("checkpolicy", {{"call", "write"}, {"arguments", json::Object{{"path", path}, {"data", "x"}}}});
  };
  EXPECT_TRUE(check("/state/free").bool_or("allowed", false));
  const json::Value denied = check("/state/x/../locked/f");
  EXPECT_FALSE(denied.bool_or("allowed", true));
  EXPECT_EQ(denied.string_or("rule", ""), "strict/locked");
  EXPECT_EQ(agent->must("status").string_or("state", ""), "running") << "asking is no violation";
  EXPECT_EQ(agent->code("write", {{"path", "/state/locked/f"}, {"data", "x"}}), -2);
}

TEST_P(CheckpolicyCall, rights_and_bad_arguments_say_so) {
  auto agent = world().agent("small", kAllowAll, abi::right::self);
  EXPECT_EQ(
      agent->must("checkpolicy", {{"call", "list"}, {"arguments", json::Object{{"path", "/"}}}}).string_or("rule", ""),
      "rights");
  EXPECT_EQ(
      agent->must("checkpolicy", {{"call", "exit"}, {"arguments", json::Object{{"code", "x"}}}}).string_or("rule", ""),
      "arguments");
  EXPECT_EQ(agent->code("checkpolicy", {{"call", "teleport"}}), -100);
  EXPECT_EQ(agent->code("checkpolicy"), -100);
}

TEST_P(CheckpolicyCall, permissive_kernel_allows) {
  WorldOptions options;
  options.kernel.permissive = kernel::AllowEverything{};
  world_ = std::make_unique<World>(GetParam(), std::move(options));
  auto agent = world().agent("free", "");
  EXPECT_TRUE(agent
                  ->must("checkpolicy",
                         {{"call", "exec"},
                          {"arguments", json::Object{{"tool", "echo"}, {"arguments", json::Object{{"text", "x"}}}}}})
                  .bool_or("allowed", false));
  agent->must("exec", {{"tool", "echo"}, {"arguments", json::Object{{"text", "x"}}}});
}

AGENTOS_BOTH_WAYS(CheckpolicyCall);

}  // namespace
}  // namespace agentos::test
