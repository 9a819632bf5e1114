// What a client with a session gets for what it sends, and who may not speak at all.
#include <gtest/gtest.h>

#include "server/mcp_door/http/endpoint_fixture.h"

namespace agentos::mcp_http {
namespace {

const std::string kCall =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":"p"}}})";
const std::string kResult = R"({"jsonrpc":"2.0","id":7,"result":{"content":[]}})";

TEST_F(EndpointTest, who_may_not_speak_is_refused_by_the_head) {
  const auto status = [&](const char* name, const char* value, const char* method = "POST") {
    Request made = request(method);
    for (auto& [key, old] : made.fields) {
      if (key == std::string(name)) old = value;
    }
    if (!made.header(name)) made.fields.emplace_back(name, value);
    const auto refused = endpoint_->screen(made);
    return refused ? refused->status : 0;
  };
  EXPECT_EQ(status("Host", "localhost"), 0);
  EXPECT_EQ(status("Host", "[::1]:8080"), 0);
  EXPECT_EQ(status("Host", "evil.example"), 403);
  EXPECT_EQ(status("Host", "localhost.evil.example"), 403);
  EXPECT_EQ(status("Host", "10.0.0.1"), 403);
  EXPECT_EQ(status("Origin", "https://app.example"), 0);
  EXPECT_EQ(status("Origin", "http://localhost:80"), 0);
  EXPECT_EQ(status("Origin", "https://evil.example"), 403);
  EXPECT_EQ(status("Origin", "null"), 403);
  EXPECT_EQ(status("Authorization", "Bearer wrong"), 401);
  EXPECT_EQ(status("Authorization", "Basic dGhlLXRva2VuLW9mLXRoaXMtdGVzdA=="), 401);
  EXPECT_EQ(status("Content-Type", "text/plain"), 415);
  EXPECT_EQ(status("Content-Type", "application/json; charset=utf-8"), 0);
  EXPECT_EQ(status("Accept", "application/json"), 406);
  EXPECT_EQ(status("Accept", "*/*"), 0);
  EXPECT_EQ(status("X", "y", "PUT"), 405);
  Request elsewhere = request("POST");
  elsewhere.path = "/other";
  EXPECT_EQ(endpoint_->screen(elsewhere)->status, 404);
  Request anonymous = request("POST");
  std::erase_if(anonymous.fields, [](const auto& field) { return field.first == "Authorization"; });
  const auto refused = endpoint_->screen(anonymous);
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(refused->fields.front().first, "WWW-Authenticate");
  EXPECT_NE(refused->body.find("\"jsonrpc\":\"2.0\""), std::string::npos);
}

TEST_F(EndpointTest, an_answer_that_comes_alone_is_the_body) {
  const std::string id = initialized();
  const auto exchange = post({{"Mcp-Session-Id", id}}, "{\"jsonrpc\":\"2.0\",\n\"id\":7,\"method\":\"ping\"}");
  EXPECT_EQ(heard(sides_.back()).back(), R"({"jsonrpc":"2.0", "id":7,"method":"ping"})");
  say(sides_.back(), kResult);
  ASSERT_TRUE(exchange->answered.has_value());
  EXPECT_EQ(exchange->answered->status, 200);
  EXPECT_EQ(exchange->answered->type, "application/json");
  EXPECT_EQ(exchange->answered->body, kResult);
  EXPECT_FALSE(exchange->begun);
}

TEST_F(EndpointTest, progress_makes_a_stream_and_order_is_kept) {
  const std::string id = initialized();
  const auto call = post({{"Mcp-Session-Id", id}}, kCall);
  const std::string progress =
      R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}})";
  const std::string asks = R"({"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}})";
  const std::string logs = R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}})";
  for (const std::string& line : {progress, asks, logs, kResult}) say(sides_.back(), line);
  EXPECT_EQ(call->messages(), (std::vector<std::string>{progress, asks, logs, kResult}));
  EXPECT_TRUE(call->finished);
}

TEST_F(EndpointTest, what_is_said_unasked_waits_for_the_stream_of_get) {
  const std::string id = initialized();
  const std::string changed = R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed"})";
  say(sides_.back(), changed);
  const auto call = post({{"Mcp-Session-Id", id}}, kCall);
  say(sides_.back(), changed);
  EXPECT_FALSE(call->begun) << "it is not about the call";
  const auto stream = send("GET", {{"Mcp-Session-Id", id}});
  EXPECT_EQ(stream->messages().size(), 2U);
  const auto second = send("GET", {{"Mcp-Session-Id", id}});
  EXPECT_TRUE(stream->finished) << "the newer one takes its place";
  say(sides_.back(), changed);
  EXPECT_EQ(second->messages().size(), 1U);
  EXPECT_EQ(stream->messages().size(), 2U) << "nothing is said twice";
}

TEST_F(EndpointTest, a_stream_is_resumed_behind_the_last_event) {
  const std::string id = initialized();
  const auto call = post({{"Mcp-Session-Id", id}}, kCall);
  const auto progress = [](int step) {
    return R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":)" +
           std::to_string(step) + "}}";
  };
  say(sides_.back(), progress(1));
  EXPECT_EQ(call->messages().size(), 1U);
  const std::string last = call->last_id;
  call->leave();
  EXPECT_EQ(heard(sides_.back()).size(), 2U) << "a lost connection takes nothing back";
  say(sides_.back(), progress(2));
  const auto again = send("GET", {{"Mcp-Session-Id", id}, {"Last-Event-ID", last}});
  EXPECT_EQ(again->messages(), (std::vector<std::string>{progress(2)}));
  say(sides_.back(), kResult);
  EXPECT_EQ(again->messages().back(), kResult);
  EXPECT_TRUE(again->finished);
  const auto end = send("GET", {{"Mcp-Session-Id", id}, {"Last-Event-ID", again->last_id}});
  EXPECT_EQ(end->answered->status, 204);
  for (const char* wrong : {"999-1", "x", "1-", "1-99"}) {
    EXPECT_EQ(send("GET", {{"Mcp-Session-Id", id}, {"Last-Event-ID", wrong}})->answered->status, 400) << wrong;
  }
}

TEST_F(EndpointTest, events_that_are_kept_are_bounded) {
  const std::string id = initialized();
  const auto call = post({{"Mcp-Session-Id", id}}, kCall);
  for (int i = 0; i < 8; ++i) {
    say(sides_.back(), R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p"}})");
  }
  EXPECT_EQ(call->messages().size(), 8U);
  call->leave();
  EXPECT_EQ(send("GET", {{"Mcp-Session-Id", id}, {"Last-Event-ID", "1-1"}})->answered->status, 400);
  EXPECT_EQ(send("GET", {{"Mcp-Session-Id", id}, {"Last-Event-ID", "1-5"}})->messages().size(), 3U);
}

TEST_F(EndpointTest, a_cancelled_request_ends_without_an_answer) {
  const std::string id = initialized();
  const auto call = post({{"Mcp-Session-Id", id}}, kCall);
  const auto cancel = post({{"Mcp-Session-Id", id}},
                           R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}})");
  EXPECT_EQ(cancel->answered->status, 202);
  EXPECT_TRUE(call->finished);
  EXPECT_TRUE(call->messages().empty());
  say(sides_.back(), kResult);
  EXPECT_TRUE(call->messages().empty()) << "an answer that crossed it is dropped";
}

TEST_F(EndpointTest, sessions_are_bounded_ended_and_not_left_behind) {
  refuses_ = true;
  EXPECT_EQ(post({}, R"({"jsonrpc":"2.0","id":0,"method":"initialize"})")->answered->status, 502);
  refuses_ = false;
  const auto failed = post({}, R"({"jsonrpc":"2.0","id":0,"method":"initialize"})");
  say(sides_.back(), R"({"jsonrpc":"2.0","id":0,"error":{"code":-32602,"message":"no"}})");
  EXPECT_EQ(failed->answered->status, 400);
  EXPECT_EQ(endpoint_->sessions(), 0U);
  const auto left = post({}, R"({"jsonrpc":"2.0","id":0,"method":"initialize"})");
  left->leave();
  turn();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(initialized().empty());
  EXPECT_EQ(post({}, R"({"jsonrpc":"2.0","id":0,"method":"initialize"})")->answered->status, 503);
  const std::string id = [&] {
    pass(1'800'001);
    return initialized();
  }();
  EXPECT_EQ(endpoint_->sessions(), 1U) << "those that nobody used have ended";
  EXPECT_EQ(send("DELETE", {{"Mcp-Session-Id", id}})->answered->status, 204);
  EXPECT_EQ(post({{"Mcp-Session-Id", id}}, kCall)->answered->status, 404);
  EXPECT_EQ(send("GET", {{"Mcp-Session-Id", id}})->answered->status, 404);
  EXPECT_EQ(post({}, kCall)->answered->status, 400);
}

TEST_F(EndpointTest, requests_of_a_session_are_bounded_and_ids_are_used_once) {
  const std::string id = initialized();
  (void)post({{"Mcp-Session-Id", id}}, kCall);
  EXPECT_EQ(post({{"Mcp-Session-Id", id}}, kCall)->answered->status, 400);
  for (int i = 10; i < 13; ++i) {
    EXPECT_FALSE(post({{"Mcp-Session-Id", id}}, R"({"jsonrpc":"2.0","id":)" + std::to_string(i) + R"(,"method":"x"})")
                     ->answered);
  }
  EXPECT_EQ(post({{"Mcp-Session-Id", id}}, R"({"jsonrpc":"2.0","id":99,"method":"x"})")->answered->status, 503);
}

TEST_F(EndpointTest, a_slow_answer_becomes_a_stream_and_a_quiet_stream_says_so) {
  const std::string id = initialized();
  const auto call = post({{"Mcp-Session-Id", id}}, kCall);
  pass(400);
  EXPECT_FALSE(call->begun);
  pass(200);
  EXPECT_TRUE(call->begun);
}

TEST_F(EndpointTest, versions_are_known_or_refused) {
  const std::string id = initialized();
  EXPECT_EQ(post({{"Mcp-Session-Id", id}, {"MCP-Protocol-Version", "1999-01-01"}}, kCall)->answered->status, 400);
  EXPECT_FALSE(post({{"Mcp-Session-Id", id}, {"MCP-Protocol-Version", "2025-06-18"}}, kCall)->answered);
  EXPECT_EQ(send("GET", {{"MCP-Protocol-Version", "2026-07-28"}})->answered->status, 405);
}

TEST_F(EndpointTest, batches_are_of_one_revision_alone) {
  const std::string batch = R"([{"jsonrpc":"2.0","id":7,"method":"a"},{"jsonrpc":"2.0","id":8,"method":"b"}])";
  const std::string newer = initialized();
  EXPECT_EQ(post({{"Mcp-Session-Id", newer}}, batch)->answered->status, 400);
  const std::string older = initialized("2025-03-26");
  const auto both = post({{"Mcp-Session-Id", older}}, batch);
  say(sides_.back(), kResult);
  EXPECT_FALSE(both->finished);
  say(sides_.back(), R"({"jsonrpc":"2.0","id":8,"result":{}})");
  EXPECT_EQ(both->messages().size(), 2U);
  EXPECT_TRUE(both->finished);
}

TEST_F(EndpointTest, a_side_that_ends_is_told_and_made_anew) {
  const std::string id = initialized();
  const auto call = post({{"Mcp-Session-Id", id}}, kCall);
  sides_.back().socket.reset();
  turn();
  EXPECT_EQ(call->answered->status, 404);
  EXPECT_EQ(endpoint_->sessions(), 0U);
  const auto list = modern("tools/list", "1");
  sides_.back().socket.reset();
  turn();
  EXPECT_EQ(list->answered->status, 502);
  const auto again = modern("tools/list", "1");
  EXPECT_EQ(sides_.size(), 3U);
  EXPECT_FALSE(again->answered.has_value());
}

}  // namespace
}  // namespace agentos::mcp_http
