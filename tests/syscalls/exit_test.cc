// exit: the code comes back, and nothing can be called afterwards.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class ExitCall : public CallTest {};

TEST_P(ExitCall, returns_the_code_and_ends_the_agent) {
  auto agent = world().agent("leaver");
  EXPECT_EQ(agent->must("exit", {{"code", 7}}).int_or("code", -1), 7);
  const int after = agent->code("exec", {{"tool", "echo"}, {"arguments", json::Object{{"text", "x"}}}});
  EXPECT_TRUE(after == -1 || after == -116) << after << ": refused as ended, or the connection is closed already";
  auto operator_caller = world().operator_caller();
  const json::Value status = operator_caller->must("wait", {{"agent", agent->id()}, {"timeout_ms", 5000}});
  EXPECT_EQ(status.int_or("code", -1), 7);
  EXPECT_EQ(status.string_or("cause", ""), "exit");
}

TEST_P(ExitCall, codes_out_of_range_are_refused) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("exit", {{"code", 256}}), -100);
  EXPECT_EQ(agent->code("exit", {{"code", -1}}), -100);
  EXPECT_EQ(agent->must("status").string_or("state", ""), "running");
}

TEST_P(ExitCall, works_without_any_policy) {
  auto agent = world().agent("bare", "");
  EXPECT_EQ(agent->must("exit").int_or("code", -1), 0);
}

AGENTOS_BOTH_WAYS(ExitCall);

}  // namespace
}  // namespace agentos::test
