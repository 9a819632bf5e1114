// sigaction: handlers and ignoring, and the three signals nobody can take from the kernel.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class SigactionCall : public CallTest {};

TEST_P(SigactionCall, kill_stop_and_policy_cannot_be_caught) {
  auto agent = world().agent();
  for (const char* name : {"SIGKILL", "SIGSTOP", "SIGPOLICY"}) {
    EXPECT_EQ(agent->code("sigaction", {{"signal", name}, {"disposition", "ignore"}}), -103) << name;
    EXPECT_EQ(agent->code("sigaction", {{"signal", name}, {"disposition", "handle"}}), -103) << name;
    EXPECT_EQ(agent->must("sigaction", {{"signal", name}}).string_or("previous", ""), "default");
  }
  EXPECT_EQ(agent->code("sigaction", {{"signal", "SIGNOT"}}), -131);
  EXPECT_EQ(agent->code("sigaction", {{"signal", "SIGTERM"}, {"disposition", "explode"}}), -100);
}

TEST_P(SigactionCall, a_handled_signal_is_told_and_does_nothing_else) {
  auto agent = world().agent();
  EXPECT_EQ(agent->must("sigaction", {{"signal", "SIGTERM"}, {"disposition", "handle"}}).string_or("previous", ""),
            "default");
  auto operator_caller = world().operator_caller();
  EXPECT_EQ(operator_caller->must("signal", {{"target", agent->id()}, {"signal", "SIGTERM"}}).string_or("effect", ""),
            "handled");
  EXPECT_EQ(agent->notifications(1, 2000).size(), 1u);
  EXPECT_EQ(operator_caller->code("wait", {{"agent", agent->id()}, {"timeout_ms", 600}}), -107)
      << "no grace period runs";
  EXPECT_EQ(agent->must("sigaction", {{"signal", "SIGTERM"}, {"disposition", "ignore"}}).string_or("previous", ""),
            "handle");
  EXPECT_EQ(operator_caller->must("signal", {{"target", agent->id()}, {"signal", "SIGTERM"}}).string_or("effect", ""),
            "ignored");
}

TEST_P(SigactionCall, a_later_violation_still_terminates) {
  auto agent = world().agent("strict", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: strict}
spec:
  rules:
    - {name: all, syscalls: ["*"], action: allow}
    - {name: no-lists, syscalls: [list], action: deny, obligations: [kill]}
)");
  EXPECT_EQ(agent->code("sigaction", {{"signal", "SIGPOLICY"}, {"disposition", "handle"}}), -103);
  EXPECT_EQ(agent->code("list", {{"path", "/"}}), -2);
  auto operator_caller = world().operator_caller();
  EXPECT_EQ(operator_caller->must("wait", {{"agent", agent->id()}, {"timeout_ms", 5000}}).string_or("cause", ""),
            "policy");
  const int after = agent->code("status");
  EXPECT_TRUE(after == -1 || after == -116) << after;
  int refused = 0;
  for (const json::Value& leaf : world().log()) {
    if (leaf.string_or("kind", "") != "refused" || leaf.string_or("call", "") != "list") continue;
    ++refused;
    EXPECT_EQ(leaf.string_or("rule", ""), "strict/no-lists");
  }
  EXPECT_EQ(refused, 1);
}

AGENTOS_BOTH_WAYS(SigactionCall);

}  // namespace
}  // namespace agentos::test
