// status: identity, rights, budgets and handles, as the kernel sees them.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class StatusCall : public CallTest {};

TEST_P(StatusCall, describes_the_caller) {
  abi::Budget budget;
  budget.calls = 1000;
  auto agent = world().agent("me", kAllowAll, {}, budget);
  agent->must("pipe");
  const json::Value status = agent->must("status");
  EXPECT_EQ(status.string_or("agent", ""), agent->id());
  EXPECT_EQ(status.string_or("name", ""), "me");
  EXPECT_EQ(status.int_or("ring", -1), 3);
  EXPECT_EQ(status.find("budget")->int_or("calls", 0), 1000);
  EXPECT_GE(status.find("used")->int_or("calls", 0), 2);
  EXPECT_EQ(status.find("handles")->as_array().size(), 2u);
}

TEST_P(StatusCall, the_call_budget_is_a_bound) {
  abi::Budget budget;
  budget.calls = 5;
  auto agent = world().agent("me", kAllowAll, {}, budget);
  int served = 0;
  while (served < 20 && agent->code("status") == 0) ++served;
  EXPECT_LE(served, 5);
  EXPECT_EQ(agent->code("status"), -111);
}

AGENTOS_BOTH_WAYS(StatusCall);

}  // namespace
}  // namespace agentos::test
