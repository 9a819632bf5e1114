// Both sides of a conversation against each other, in every era.
#include <gtest/gtest.h>

#include <vector>

#include "lib/mcp/calling_session.h"
#include "lib/mcp/serving_session.h"

namespace agentos::mcp {
namespace {

using Serving = ServingSession::Taken::What;
using Calling = CallingSession::Taken::What;

std::vector<Message> messages_in(std::string& wire) {
  std::vector<Message> out;
  while (!wire.empty()) {
    const std::size_t end = wire.find('\n');
    auto read = parse(std::string_view(wire).substr(0, end), Batches::kRefused);
    EXPECT_TRUE(read.has_value()) << wire.substr(0, end);
    wire.erase(0, end + 1);
    if (read) out.push_back(std::move(read->front()));
  }
  return out;
}
Message only_message(std::string& wire) {
  auto all = messages_in(wire);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? Message{} : all.front();
}

ServerIdentity some_server() {
  ServerIdentity server;
  server.info = json::Object{{"name", "s"}};
  server.capabilities = json::Object{{"tools", json::Object{}}};
  server.instructions = "do";
  return server;
}

TEST(Sessions, a_modern_server_is_found_by_the_probe) {
  ServingSession serving;
  CallingSession calling({});
  std::string to_server, to_client;
  calling.start(CallingSession::Era::kUnknown, to_server);
  auto taken = serving.take(only_message(to_server), to_client);
  ASSERT_EQ(taken.what, Serving::kDiscover);
  ServingSession::discovered(taken.asked, some_server(), to_client);
  EXPECT_EQ(calling.take(only_message(to_client), to_server).what, Calling::kReady);
  EXPECT_EQ(calling.revision(), Revision::k2026_07_28);
  EXPECT_EQ(calling.server().info.string_or("name", ""), "s");
  EXPECT_EQ(calling.server().instructions, "do");
  calling.request("tools/list", json::Object{}, CallingSession::Progress::kWanted, "info", to_server);
  taken = serving.take(only_message(to_server), to_client);
  ASSERT_EQ(taken.what, Serving::kRequest);
  EXPECT_EQ(taken.asked.log_level, "info");
  EXPECT_TRUE(taken.asked.progress_token.is_int());
  EXPECT_EQ(taken.asked.params.find("_meta"), nullptr) << "what belongs to one hop does not go on";
}

TEST(Sessions, any_other_answer_to_the_probe_is_a_legacy_server) {
  for (const char* answer :
       {R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"what"}})",
        R"({"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"no","data":{"supported":["2025-06-18"]}}})",
        R"({"jsonrpc":"2.0","id":1,"result":{}})"}) {
    ServingSession serving;
    CallingSession calling({});
    std::string to_server, to_client;
    calling.start(CallingSession::Era::kUnknown, to_server);
    to_server.clear();
    to_client = std::string(answer) + "\n";
    calling.take(only_message(to_client), to_server);
    auto taken = serving.take(only_message(to_server), to_client);
    ASSERT_EQ(taken.what, Serving::kInitialize) << answer;
    serving.initialized(taken.asked, some_server(), to_client);
    EXPECT_EQ(calling.take(only_message(to_client), to_server).what, Calling::kReady);
    EXPECT_EQ(calling.revision(), Revision::k2025_11_25);
    EXPECT_EQ(only_message(to_server).method, "notifications/initialized");
  }
}

TEST(Sessions, a_server_that_does_not_answer_the_probe_is_asked_to_initialize) {
  CallingSession calling({});
  std::string out;
  calling.start(CallingSession::Era::kUnknown, out);
  out.clear();
  calling.probe_timed_out(out);
  EXPECT_EQ(only_message(out).method, "initialize");
}

TEST(Sessions, a_server_of_another_modern_revision_alone_is_refused) {
  CallingSession calling({});
  std::string out;
  calling.start(CallingSession::Era::kUnknown, out);
  std::string answer =
      R"({"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"no","data":{"supported":["2030-01-01"]}}})"
      "\n";
  EXPECT_EQ(calling.take(only_message(answer), out).what, Calling::kRefused);
}

TEST(Sessions, before_initialize_a_legacy_client_gets_nothing_but_ping) {
  ServingSession serving;
  std::string out;
  serving.take(*parse(R"({"jsonrpc":"2.0","id":1,"method":"ping"})", Batches::kRefused)->begin(), out);
  EXPECT_FALSE(only_message(out).error.has_value());
  serving.take(*parse(R"({"jsonrpc":"2.0","id":2,"method":"tools/list"})", Batches::kRefused)->begin(), out);
  EXPECT_EQ(only_message(out).error->code, kInvalidParams);
}

TEST(Sessions, a_modern_request_must_say_all_it_must) {
  ServingSession serving;
  std::string out;
  serving.take(
      parse(
          R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})",
          Batches::kRefused)
          ->front(),
      out);
  EXPECT_EQ(only_message(out).error->code, kInvalidParams);
  serving.take(
      parse(
          R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01"}}})",
          Batches::kRefused)
          ->front(),
      out);
  const Message refused = only_message(out);
  EXPECT_EQ(refused.error->code, kUnsupportedProtocolVersion);
  EXPECT_EQ(refused.error->data.string_or("requested", ""), "1900-01-01");
}

TEST(Sessions, a_modern_server_may_not_ask_and_a_legacy_one_may) {
  CallingSession modern({});
  std::string out;
  modern.start(CallingSession::Era::kUnknown, out);
  out.clear();
  modern.take(
      parse(
          R"({"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}})",
          Batches::kRefused)
          ->front(),
      out);
  const Message asks = parse(R"({"jsonrpc":"2.0","id":9,"method":"roots/list"})", Batches::kRefused)->front();
  EXPECT_EQ(modern.take(asks, out).what, Calling::kNothing);
  EXPECT_TRUE(only_message(out).error.has_value());
  CallingSession legacy({});
  legacy.start(CallingSession::Era::kLegacy, out);
  out.clear();
  EXPECT_EQ(legacy.take(asks, out).what, Calling::kRequest);
}

TEST(Sessions, results_are_dressed_for_the_era_of_the_request) {
  json::Value result = json::Object{{"tools", json::Array{}}};
  dress_result(result, Revision::k2026_07_28, "tools/list", json::Object{{"name", "s"}});
  EXPECT_EQ(result.string_or("resultType", ""), "complete");
  EXPECT_EQ(result.int_or("ttlMs", -1), 0);
  EXPECT_EQ(result.string_or("cacheScope", ""), "private");
  dress_result(result, Revision::k2025_11_25, "tools/list", json::Object{{"name", "s"}});
  EXPECT_EQ(json::write(result), R"({"tools":[]})");
}

TEST(Sessions, what_a_client_can_be_asked_is_what_it_declared) {
  const json::Value form = json::Object{};
  const json::Value url = json::Object{{"mode", "url"}};
  EXPECT_TRUE(client_can(json::Object{{"elicitation", json::Object{}}}, "elicitation/create", form));
  EXPECT_FALSE(client_can(json::Object{{"elicitation", json::Object{}}}, "elicitation/create", url));
  EXPECT_TRUE(
      client_can(json::Object{{"elicitation", json::Object{{"url", json::Object{}}}}}, "elicitation/create", url));
  EXPECT_FALSE(client_can(json::Object{}, "sampling/createMessage", form));
  EXPECT_FALSE(client_can(json::Object{{"sampling", json::Object{}}}, "tools/list", form));
}

}  // namespace
}  // namespace agentos::mcp
