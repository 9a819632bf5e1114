// signal: default actions, who may send what, unknown names, and a record of each one sent.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class SignalCall : public CallTest {};

TEST_P(SignalCall, sigkill_ends_the_target_and_its_parent_sees_it) {
  auto parent = world().agent("parent");
  const std::string child(parent->must("fork").string_or("agent", ""));
  const json::Value sent = parent->must("signal", {{"target", child}, {"signal", "SIGKILL"}});
  EXPECT_TRUE(sent.bool_or("delivered", false));
  EXPECT_EQ(sent.string_or("effect", ""), "kill");
  const json::Value status = parent->must("wait", {{"timeout_ms", 5000}});
  EXPECT_TRUE(status.bool_or("signaled", false));
  EXPECT_EQ(status.string_or("cause", ""), "killed");
}

TEST_P(SignalCall, a_stopped_agent_is_not_served_until_it_goes_on) {
  auto agent = world().agent("sleeper");
  auto operator_caller = world().operator_caller();
  operator_caller->must("signal", {{"target", agent->id()}, {"signal", "SIGSTOP"}});
  EXPECT_EQ(agent->code("status"), -118);
  operator_caller->must("signal", {{"target", agent->id()}, {"signal", "SIGCONT"}});
  EXPECT_EQ(agent->must("status").string_or("state", ""), "running");
}

TEST_P(SignalCall, sigterm_gives_a_grace_period) {
  auto agent = world().agent("flusher");
  auto operator_caller = world().operator_caller();
  operator_caller->must("signal", {{"target", agent->id()}, {"signal", "SIGTERM"}, {"reason", "shift is over"}});
  const auto told = agent->notifications(1, 2000);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].string_or("method", ""), "notifications/signal");
  EXPECT_EQ(told[0].find("params")->string_or("signal", ""), "SIGTERM");
  EXPECT_EQ(told[0].find("params")->string_or("reason", ""), "shift is over");
  agent->must("write", {{"path", "/state/flushed"}, {"data", "in time"}});
  EXPECT_EQ(operator_caller->must("wait", {{"agent", agent->id()}, {"timeout_ms", 5000}}).string_or("cause", ""),
            "terminated");
}

TEST_P(SignalCall, sigtrust_terminates_and_sigbudget_stops) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  auto operator_caller = world().operator_caller();
  operator_caller->must("signal", {{"target", one->id()}, {"signal", "SIGTRUST"}});
  operator_caller->must("signal", {{"target", two->id()}, {"signal", "SIGBUDGET"}});
  EXPECT_EQ(operator_caller->must("wait", {{"agent", one->id()}, {"timeout_ms", 5000}}).string_or("cause", ""),
            "terminated");
  EXPECT_EQ(two->code("status"), -118);
  int seen = 0;
  for (const json::Value& leaf : world().log())
    seen += leaf.string_or("event", "") == "signal" || leaf.string_or("name", "") == "signal";
  EXPECT_GE(seen, 2) << "each signal sent is recorded";
}

TEST_P(SignalCall, signals_without_a_default_end_still_do_what_they_say) {
  auto agent = world().agent();
  auto operator_caller = world().operator_caller();
  EXPECT_EQ(operator_caller->must("signal", {{"target", agent->id()}, {"signal", "SIGUSR1"}}).string_or("effect", ""),
            "diagnose");
  EXPECT_EQ(operator_caller->must("signal", {{"target", agent->id()}, {"signal", "SIGUSR2"}}).string_or("effect", ""),
            "checkpoint");
  EXPECT_EQ(agent->must("list", {{"path", "/state/checkpoints"}}).find("entries")->as_array().size(), 1u);
  const std::vector<json::Value> told = agent->notifications(2, 2000);
  ASSERT_GE(told.size(), 2u);
  const std::string id(told.back().find("params")->string_or("checkpoint", ""));
  EXPECT_EQ(agent->must("checkpoint_load", {{"id", id}}).find("state")->string_or("agent", ""), agent->id());
  for (const char* name : {"SIGLOOP", "SIGDRIFT"}) {
    EXPECT_TRUE(
        operator_caller->must("signal", {{"target", agent->id()}, {"signal", name}}).bool_or("delivered", false))
        << name;
  }
  EXPECT_GE(agent->notifications(4, 2000).size(), 4u);
}

TEST_P(SignalCall, strangers_need_a_grant_and_a_grant_can_be_for_one_signal) {
  auto target = world().agent("target");
  auto stranger = world().agent("stranger", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: helper}
spec:
  rules:
    - {name: self, syscalls: [status, signal], targets: [self], action: allow}
    - name: wake
      syscalls: [signal]
      targets: ["target-*"]
      arguments: {signal: {in: [SIGCONT]}}
      action: allow
)");
  EXPECT_EQ(stranger->code("signal", {{"target", target->id()}, {"signal", "SIGKILL"}}), -2);
  EXPECT_EQ(stranger->code("signal", {{"target", target->id()}, {"signal", "4"}}), -2) << "a number is the same signal";
  EXPECT_EQ(stranger->code("signal", {{"target", target->id()}, {"signal", "cont"}}), 0);
  EXPECT_EQ(target->must("status").string_or("state", ""), "running");
}

TEST_P(SignalCall, unknown_signal_and_unknown_target_are_told_apart) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("signal", {{"signal", "SIGWHAT"}}), -131);
  EXPECT_EQ(agent->code("signal", {{"signal", "0"}}), -131);
  EXPECT_EQ(agent->code("signal", {{"signal", "SIGCONT"}, {"target", "nobody-0"}}), -130);
  EXPECT_EQ(agent->code("signal"), -100);
}

AGENTOS_BOTH_WAYS(SignalCall);

}  // namespace
}  // namespace agentos::test
