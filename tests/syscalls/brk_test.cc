// brk: the context budget grows and shrinks within the agent's and its parents' bounds.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class BrkCall : public CallTest {};

TEST_P(BrkCall, moves_within_the_bound) {
  abi::Budget budget;
  budget.tokens = 1000;
  auto agent = world().agent("thinker", kAllowAll, {}, budget);
  EXPECT_EQ(agent->must("brk").int_or("tokens_max", 0), 1000);
  EXPECT_EQ(agent->must("brk", {{"tokens", 800}}).int_or("tokens", 0), 800);
  EXPECT_EQ(agent->code("brk", {{"tokens", 1001}}), -111);
  EXPECT_EQ(agent->must("brk").int_or("tokens", 0), 800) << "a refused change changes nothing";
  EXPECT_EQ(agent->must("brk", {{"tokens", 100}}).int_or("tokens_max", 0), 1000);
  EXPECT_EQ(agent->code("brk", {{"tokens", -1}}), -100);
}

TEST_P(BrkCall, a_childs_tokens_come_out_of_its_parents) {
  abi::Budget budget;
  budget.tokens = 100;
  auto parent = world().agent("parent", kAllowAll, {}, budget);
  parent->must("brk", {{"tokens", 60}});
  const std::string child_id(parent->must("fork").string_or("agent", ""));
  parent->must("attach", {{"agent", child_id}});
  auto child = world().over(std::move(parent->take_descriptors().at(0)));
  EXPECT_EQ(child->code("brk", {{"tokens", 41}}), -111);
  child->must("brk", {{"tokens", 40}});
  EXPECT_EQ(parent->code("brk", {{"tokens", 61}}), -111);
}

AGENTOS_BOTH_WAYS(BrkCall);

}  // namespace
}  // namespace agentos::test
