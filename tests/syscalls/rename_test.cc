// rename: within one mount, replacing files, and policy decides on both names.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class RenameCall : public CallTest {};

TEST_P(RenameCall, moves_and_replaces_within_a_mount) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/a"}, {"data", "new"}});
  agent->must("write", {{"path", "/state/b"}, {"data", "old"}});
  agent->must("rename", {{"path", "/state/a"}, {"to", "/state/b"}});
  EXPECT_EQ(agent->must("read", {{"path", "/state/b"}}).string_or("data", ""), "new");
  EXPECT_EQ(agent->code("stat", {{"path", "/state/a"}}), -101);
}

TEST_P(RenameCall, crossing_mounts_and_read_only_are_refused) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/a"}, {"data", "x"}});
  EXPECT_NE(agent->code("rename", {{"path", "/state/a"}, {"to", "/mem/working/a"}}), 0);
  EXPECT_EQ(agent->code("rename", {{"path", "/state/a"}, {"to", "/policy/a"}}), -104);
  EXPECT_EQ(agent->code("rename", {{"path", "/state/none"}, {"to", "/state/b"}}), -101);
  EXPECT_EQ(agent->code("rename", {{"path", "/state/a"}}), -100);
}

TEST_P(RenameCall, a_denied_new_name_is_denied) {
  auto agent = world().agent("mover", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: fenced}
spec:
  rules:
    - {name: all, syscalls: ["*"], action: allow}
    - {name: fence, syscalls: [rename, write], paths: ["/state/locked/**"], action: deny}
)");
  agent->must("write", {{"path", "/state/free"}, {"data", "x"}});
  agent->must("mkdir", {{"path", "/state/locked"}});
  EXPECT_EQ(agent->code("rename", {{"path", "/state/free"}, {"to", "/state/locked/f"}}), -2);
}

AGENTOS_BOTH_WAYS(RenameCall);

}  // namespace
}  // namespace agentos::test
