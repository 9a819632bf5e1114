// wait: each status once, deadlines, and operators who take nothing away.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class WaitCall : public CallTest {};

TEST_P(WaitCall, a_status_is_taken_once) {
  auto parent = world().agent("parent");
  const std::string child_id(parent->must("fork").string_or("agent", ""));
  EXPECT_EQ(parent->code("wait", {{"agent", child_id}, {"timeout_ms", 0}}), -106);
  parent->must("signal", {{"target", child_id}, {"signal", "SIGKILL"}});
  const json::Value status = parent->must("wait", {{"timeout_ms", 5000}});
  EXPECT_EQ(status.string_or("agent", ""), child_id);
  EXPECT_TRUE(status.bool_or("signaled", false));
  EXPECT_EQ(status.int_or("signal", 0), 9);
  EXPECT_EQ(parent->code("wait", {{"timeout_ms", 5000}}), -117) << "no child is left";
  EXPECT_EQ(parent->code("wait", {{"agent", child_id}}), -117);
}

TEST_P(WaitCall, a_deadline_ends_the_wait) {
  auto parent = world().agent("parent");
  parent->must("fork");
  EXPECT_EQ(parent->code("wait", {{"timeout_ms", 50}}), -107);
}

TEST_P(WaitCall, strangers_cannot_be_waited_for) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  EXPECT_EQ(one->code("wait", {{"agent", two->id()}, {"timeout_ms", 0}}), -117);
  EXPECT_EQ(one->code("wait", {{"timeout_ms", -1}}), -100);
}

TEST_P(WaitCall, a_wait_does_not_hold_up_other_calls) {
  auto parent = world().agent("parent");
  const std::string child_id(parent->must("fork").string_or("agent", ""));
  const auto waiting = parent->start_call("wait", {});
  EXPECT_EQ(parent->must("status").string_or("state", ""), "running");
  parent->must("signal", {{"target", child_id}, {"signal", "KILL"}});
  auto status = parent->finish_call(waiting);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->string_or("agent", ""), child_id);
}

TEST_P(WaitCall, operators_see_a_status_as_often_as_they_like) {
  auto agent = world().agent("watched");
  auto operator_caller = world().operator_caller();
  EXPECT_EQ(operator_caller->code("wait", {{"agent", agent->id()}, {"timeout_ms", 0}}), -106);
  agent->must("exit", {{"code", 5}});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(operator_caller->must("wait", {{"agent", agent->id()}, {"timeout_ms", 5000}}).int_or("code", -1), 5);
  }
  EXPECT_EQ(operator_caller->code("wait", {{"agent", "nobody-0"}}), -130);
}

AGENTOS_BOTH_WAYS(WaitCall);

}  // namespace
}  // namespace agentos::test
