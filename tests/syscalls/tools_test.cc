// tools: what the caller may run; what policy denies by name is not shown.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class ToolsCall : public CallTest {};

TEST_P(ToolsCall, lists_with_schema_and_digest_and_hides_the_denied) {
  auto agent = world().agent("fenced", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: fenced}
spec:
  rules:
    - {name: all, syscalls: ["*"], action: allow}
    - {name: no-hash, syscalls: [exec], tools: [sha256], action: deny}
)");
  const json::Value reply = agent->must("tools");
  bool echo = false, sha = false;
  for (const json::Value& tool : reply.find("tools")->as_array()) {
    echo |= tool.string_or("name", "") == "echo";
    sha |= tool.string_or("name", "") == "sha256";
    EXPECT_TRUE(tool.find("input_schema")->is_object());
    EXPECT_TRUE(tool.string_or("digest", "").starts_with("sha256:"));
  }
  EXPECT_TRUE(echo);
  EXPECT_FALSE(sha);
}

AGENTOS_BOTH_WAYS(ToolsCall);

}  // namespace
}  // namespace agentos::test
