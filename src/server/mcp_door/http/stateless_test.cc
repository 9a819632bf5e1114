// What a client without a session gets: its own ids and tokens, the checks of its fields, and an end of its requests.
#include <gtest/gtest.h>

#include "server/mcp_door/http/endpoint_fixture.h"

namespace agentos::mcp_http {
namespace {

using StatelessTest = EndpointTest;

TEST_F(StatelessTest, modern_clients_share_a_side_and_get_their_own_ids) {
  const auto first = modern("tools/list", "\"a\"");
  const auto second = modern("tools/list", "\"a\"");
  ASSERT_EQ(sides_.size(), 1U);
  ASSERT_EQ(heard(sides_.back()).size(), 2U);
  say(sides_.back(), R"({"jsonrpc":"2.0","id":2,"result":{"n":2}})");
  EXPECT_FALSE(first->answered.has_value());
  EXPECT_EQ(second->answered->body, R"({"jsonrpc":"2.0","id":"a","result":{"n":2}})");
  say(sides_.back(), R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}})");
  EXPECT_EQ(first->answered->status, 404);
}

TEST_F(StatelessTest, modern_requests_must_fit_their_fields) {
  Fields lie = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}};
  const std::string body =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
  const auto refused = post(lie, body);
  EXPECT_EQ(refused->answered->status, 400);
  EXPECT_NE(refused->answered->body.find("-32020"), std::string::npos);
  EXPECT_EQ(post({{"Mcp-Method", "tools/list"}}, body)->answered->status, 400) << "no version in the head";
  const auto bare = post({{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}},
                         R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})");
  EXPECT_EQ(bare->answered->status, 400);
  EXPECT_NE(bare->answered->body.find("-32602"), std::string::npos);
  const auto unknown = post(
      {{"MCP-Protocol-Version", "1900-01-01"}, {"Mcp-Method", "tools/list"}},
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01"}}})");
  EXPECT_EQ(unknown->answered->status, 400);
  EXPECT_NE(unknown->answered->body.find("-32022"), std::string::npos);
  EXPECT_TRUE(sides_.empty()) << "none of them reached a server side";
}

TEST_F(StatelessTest, a_modern_call_waits_for_the_rules_of_its_tool) {
  const auto call =
      modern("tools/call", "5", R"("name":"region","arguments":{"region":"eu"},)", {{"Mcp-Name", "region"}});
  ASSERT_EQ(heard(sides_.back()).size(), 2U) << "a subscription and the list";
  const std::string list =
      R"(,"result":{"tools":[{"name":"region","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}}]}})";
  say(sides_.back(), R"({"jsonrpc":"2.0","id":3)" + list);
  EXPECT_EQ(call->answered->status, 400) << "the argument is not mirrored";
  const auto good = modern("tools/call", "5", R"("name":"region","arguments":{"region":"eu"},)",
                           {{"Mcp-Name", "region"}, {"Mcp-Param-Region", "eu"}});
  EXPECT_FALSE(good->answered.has_value());
  EXPECT_EQ(heard(sides_.back()).size(), 3U);
}

TEST_F(StatelessTest, rules_that_do_not_come_hold_no_call_back) {
  (void)modern("tools/call", "5", R"("name":"x",)", {{"Mcp-Name", "x"}});
  pass(Stateless::kRulesWaitMs + 1);
  EXPECT_EQ(heard(sides_.back()).size(), 3U);
}

TEST_F(StatelessTest, closing_a_modern_answer_takes_the_request_back) {
  const auto call = modern("tools/list", "5");
  call->leave();
  EXPECT_NE(heard(sides_.back()).back().find("notifications/cancelled"), std::string::npos);
  const auto half = modern("tools/list", "6");
  half->on_input_end();
  EXPECT_TRUE(half->begun) << "only something sent shows whether it is still there";
  say(sides_.back(), R"({"jsonrpc":"2.0","id":2,"result":{}})");
  EXPECT_EQ(half->messages().size(), 1U);
  EXPECT_TRUE(half->finished);
}

TEST_F(StatelessTest, subscriptions_hear_under_their_own_id_and_end_gracefully) {
  const auto listen = modern("subscriptions/listen", "\"mine\"", R"("notifications":{"toolsListChanged":true},)");
  EXPECT_TRUE(listen->begun);
  say(sides_.back(),
      R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1}}})");
  ASSERT_EQ(listen->messages().size(), 1U);
  EXPECT_NE(listen->messages()[0].find(R"("io.modelcontextprotocol/subscriptionId":"mine")"), std::string::npos);
  sides_.back().socket.reset();
  turn();
  EXPECT_NE(listen->messages().back().find(R"("resultType":"complete")"), std::string::npos);
  EXPECT_TRUE(listen->finished);
}

TEST_F(StatelessTest, progress_goes_to_whom_it_belongs_under_his_token) {
  const auto call = modern("tools/list", "1", "", {});
  const auto other = post(
      {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}},
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":"t","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})");
  say(sides_.back(),
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}})");
  EXPECT_FALSE(call->begun);
  ASSERT_EQ(other->messages().size(), 1U);
  EXPECT_NE(other->messages()[0].find(R"("progressToken":"t")"), std::string::npos);
}

}  // namespace
}  // namespace agentos::mcp_http
