// unlink: files and empty directories, never mounts, never /policy.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class UnlinkCall : public CallTest {};

TEST_P(UnlinkCall, removes_files_and_empty_directories) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/d/f"}, {"data", "x"}});
  EXPECT_EQ(agent->code("unlink", {{"path", "/state/d"}}), -115);
  agent->must("unlink", {{"path", "/state/d/f"}});
  agent->must("unlink", {{"path", "/state/d"}});
  EXPECT_EQ(agent->code("stat", {{"path", "/state/d"}}), -101);
}

TEST_P(UnlinkCall, refuses_mounts_policy_and_missing_names) {
  auto agent = world().agent();
  EXPECT_NE(agent->code("unlink", {{"path", "/state"}}), 0);
  EXPECT_EQ(agent->code("unlink", {{"path", "/policy/x"}}), -104);
  EXPECT_EQ(agent->code("unlink", {{"path", "/state/none"}}), -101);
  EXPECT_EQ(agent->code("unlink"), -100);
}

AGENTOS_BOTH_WAYS(UnlinkCall);

}  // namespace
}  // namespace agentos::test
