// munmap: gives a region up; it goes with its last holder.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class MunmapCall : public CallTest {};

TEST_P(MunmapCall, a_region_can_be_given_up_once) {
  auto agent = world().agent();
  const std::string region(agent->must("mmap", {{"size", 4096}}).string_or("region", ""));
  agent->must("munmap", {{"region", region}});
  EXPECT_EQ(agent->code("munmap", {{"region", region}}), -101);
  EXPECT_EQ(agent->code("munmap"), -100);
}

TEST_P(MunmapCall, regions_are_bounded_per_agent_and_come_back) {
  auto agent = world().agent();
  std::string last;
  for (int i = 0; i < 64; ++i) last = agent->must("mmap", {{"size", 4096}}).string_or("region", "");
  EXPECT_EQ(agent->code("mmap", {{"size", 4096}}), -110);
  agent->must("munmap", {{"region", last}});
  agent->must("mmap", {{"size", 4096}});
}

AGENTOS_BOTH_WAYS(MunmapCall);

}  // namespace
}  // namespace agentos::test
