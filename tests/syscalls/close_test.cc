// close: a number is given back once; a foreign or closed handle is an error.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class CloseCall : public CallTest {};

TEST_P(CloseCall, closed_handle_is_gone) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", "x"}});
  const auto handle = agent->must("open", {{"path", "/state/f"}}).int_or("handle", 0);
  agent->must("close", {{"handle", handle}});
  EXPECT_EQ(agent->code("read", {{"handle", handle}}), -105);
  EXPECT_EQ(agent->code("close", {{"handle", handle}}), -105);
}

TEST_P(CloseCall, unknown_handle_is_an_error) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("close", {{"handle", 99}}), -105);
  EXPECT_EQ(agent->code("close", {{"handle", -1}}), -100);
  EXPECT_EQ(agent->code("close", {{"handle", "1"}}), -100);
  EXPECT_EQ(agent->code("close"), -100);
}

TEST_P(CloseCall, another_agents_handle_is_not_ours) {
  auto owner = world().agent("owner");
  auto other = world().agent("other");
  owner->must("write", {{"path", "/state/f"}, {"data", "x"}});
  const auto handle = owner->must("open", {{"path", "/state/f"}}).int_or("handle", 0);
  EXPECT_EQ(other->code("close", {{"handle", handle}}), -105);
  EXPECT_EQ(owner->must("read", {{"handle", handle}}).string_or("data", ""), "x");
}

AGENTOS_BOTH_WAYS(CloseCall);

}  // namespace
}  // namespace agentos::test
