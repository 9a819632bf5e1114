// sigprocmask: blocked signals wait, coalesce, and come once when unblocked.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class SigprocmaskCall : public CallTest {};

TEST_P(SigprocmaskCall, three_blocked_sends_are_one_delivery) {
  auto agent = world().agent();
  agent->must("sigprocmask", {{"how", "block"}, {"signals", json::Array{json::Value("SIGUSR1")}}});
  agent->must("sigaction", {{"signal", "SIGUSR1"}, {"disposition", "handle"}});
  for (int i = 0; i < 3; ++i) {
    const json::Value sent = agent->must("signal", {{"signal", "SIGUSR1"}});
    EXPECT_FALSE(sent.bool_or("delivered", true));
    EXPECT_TRUE(sent.bool_or("pending", false));
  }
  EXPECT_EQ(agent->notifications(1, 50).size(), 0u);
  EXPECT_EQ(agent->must("status").find("pending_signals")->as_array().size(), 1u);
  const json::Value before =
      agent->must("sigprocmask", {{"how", "unblock"}, {"signals", json::Array{json::Value("SIGUSR1")}}});
  EXPECT_EQ(before.find("pending")->as_array().size(), 1u);
  EXPECT_EQ(agent->notifications(2, 300).size(), 1u);
}

TEST_P(SigprocmaskCall, kill_and_policy_cannot_be_blocked) {
  auto agent = world().agent();
  for (const char* name : {"SIGKILL", "SIGPOLICY", "SIGSTOP"}) {
    EXPECT_EQ(agent->code("sigprocmask", {{"how", "block"}, {"signals", json::Array{json::Value(name)}}}), -103)
        << name;
    EXPECT_EQ(agent->code("sigprocmask", {{"how", "set"}, {"signals", json::Array{json::Value(name)}}}), -103) << name;
  }
  EXPECT_EQ(agent->code("sigprocmask", {{"how", "shuffle"}}), -100);
  EXPECT_EQ(agent->code("sigprocmask", {{"signals", json::Array{json::Value("SIGX")}}}), -131);
}

AGENTOS_BOTH_WAYS(SigprocmaskCall);

}  // namespace
}  // namespace agentos::test
