// hello: versions meet, and an agent is told nothing about the kernel's folders.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class HelloCall : public CallTest {};

TEST_P(HelloCall, tells_version_role_and_calls) {
  auto agent = world().agent();
  const json::Value reply = agent->must("hello", {{"client", "test"}, {"version", "9.9"}, {"abi", 7}});
  EXPECT_EQ(reply.string_or("role", ""), "agent");
  EXPECT_EQ(reply.string_or("agent", ""), agent->id());
  EXPECT_GE(reply.int_or("abi", 0), 1);
  EXPECT_GE(reply.find("calls")->as_array().size(), 28u);
  EXPECT_EQ(reply.find("paths")->find("log"), nullptr);
  auto operator_caller = world().operator_caller();
  const json::Value to_operator = operator_caller->must("hello");
  EXPECT_EQ(to_operator.string_or("role", ""), "operator");
  EXPECT_NE(to_operator.find("paths")->string_or("log", ""), "");
}

AGENTOS_BOTH_WAYS(HelloCall);

}  // namespace
}  // namespace agentos::test
