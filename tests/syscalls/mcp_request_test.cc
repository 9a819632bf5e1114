// mcp_request: who has no server of that name is told so, and what is decided on is what is sent.
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class McpRequestCall : public CallTest {};

TEST_P(McpRequestCall, an_agent_without_servers_is_told_there_is_none) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("mcp_request", {{"server", "files"}, {"method", "resources/list"}}), -101);
}

TEST_P(McpRequestCall, a_name_that_params_do_not_have_is_refused) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("mcp_request", {{"server", "files"},
                                        {"method", "resources/read"},
                                        {"name", "file:///project/readme"},
                                        {"params", json::Object{{"uri", "file:///etc/shadow"}}}}),
            -100);
  EXPECT_EQ(agent->code("mcp_request", {{"server", "files"},
                                        {"method", "resources/read"},
                                        {"params", json::Object{{"uri", "file:///etc/shadow"}}}}),
            -100);
}

TEST_P(McpRequestCall, policy_must_allow_it) {
  auto agent = world().agent("tester", "");
  EXPECT_EQ(agent->code("mcp_request", {{"server", "files"}, {"method", "resources/list"}}), -2);
}

AGENTOS_BOTH_WAYS(McpRequestCall);

}  // namespace
}  // namespace agentos::test
