// attach: a further connection of the same agent, and nobody else's.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class AttachCall : public CallTest {};

TEST_P(AttachCall, the_new_connection_is_the_same_agent) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", "shared namespace"}});
  agent->must("attach");
  auto second = world().over(std::move(agent->take_descriptors().at(0)));
  EXPECT_EQ(second->must("status").string_or("agent", ""), agent->id());
  EXPECT_EQ(second->must("read", {{"path", "/state/f"}}).string_or("data", ""), "shared namespace");
}

TEST_P(AttachCall, strangers_and_grandchildren_are_refused) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  EXPECT_EQ(one->code("attach", {{"agent", two->id()}}), -130);
  EXPECT_EQ(one->code("attach", {{"agent", "nobody-0"}}), -130);
}

TEST_P(AttachCall, connections_of_one_agent_are_bounded) {
  auto agent = world().agent();
  std::vector<io::Fd> kept;
  int made = 0;
  while (made < 200 && agent->code("attach") == 0) {
    ++made;
    for (io::Fd& one : agent->take_descriptors()) kept.push_back(std::move(one));
  }
  EXPECT_EQ(made, 63);
  EXPECT_EQ(agent->code("attach"), -112);
}

AGENTOS_BOTH_WAYS(AttachCall);

}  // namespace
}  // namespace agentos::test
