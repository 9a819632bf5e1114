// mkdir: needs its parent, refuses what exists and what is read-only.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class MkdirCall : public CallTest {};

TEST_P(MkdirCall, makes_one_directory) {
  auto agent = world().agent();
  agent->must("mkdir", {{"path", "/state/d"}});
  EXPECT_EQ(agent->must("stat", {{"path", "/state/d"}}).string_or("kind", ""), "directory");
  EXPECT_EQ(agent->code("mkdir", {{"path", "/state/d"}}), -102);
  EXPECT_EQ(agent->code("mkdir", {{"path", "/state/x/y"}}), -101);
  EXPECT_EQ(agent->code("mkdir", {{"path", "/policy/d"}}), -104);
  EXPECT_EQ(agent->code("mkdir"), -100);
}

AGENTOS_BOTH_WAYS(MkdirCall);

}  // namespace
}  // namespace agentos::test
