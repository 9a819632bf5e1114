// Reading and writing messages of JSON-RPC.
#include "lib/mcp/message.h"

#include <gtest/gtest.h>

namespace agentos::mcp {
namespace {

Message one(std::string_view line) {
  auto messages = parse(line, Batches::kRefused);
  EXPECT_TRUE(messages.has_value() && messages->size() == 1) << line;
  return messages && !messages->empty() ? messages->front() : Message{};
}
std::int64_t code(std::string_view line) {
  auto messages = parse(line, Batches::kRefused);
  return messages ? 0 : messages.error().error.code;
}

TEST(Message, kinds_are_told_apart) {
  EXPECT_EQ(one(R"({"jsonrpc":"2.0","id":1,"method":"ping"})").kind, Message::Kind::kRequest);
  EXPECT_EQ(one(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").kind, Message::Kind::kNotification);
  EXPECT_EQ(one(R"({"jsonrpc":"2.0","id":"a","result":{}})").kind, Message::Kind::kResponse);
  EXPECT_EQ(one(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}})").error->code, -1);
}

TEST(Message, members_it_does_not_know_are_ignored) {
  EXPECT_EQ(one(R"({"jsonrpc":"2.0","id":1,"method":"ping","more":true})").method, "ping");
}

TEST(Message, what_is_no_message_is_refused_with_the_codes_of_json_rpc) {
  EXPECT_EQ(code("{"), kParseError);
  EXPECT_EQ(code("1"), kInvalidRequest);
  EXPECT_EQ(code(R"({"id":1,"method":"ping"})"), kInvalidRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":null,"method":"ping"})"), kInvalidRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})"), kInvalidRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1})"), kInvalidRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})"), kInvalidRequest);
  EXPECT_EQ(code(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})"), kInvalidParams);
}

TEST(Message, a_refusal_knows_the_id_when_there_was_one) {
  auto messages = parse(R"({"jsonrpc":"2.0","id":"q","method":"ping","params":[]})", Batches::kRefused);
  ASSERT_FALSE(messages.has_value());
  EXPECT_EQ(std::get<std::string>(messages.error().id), "q");
}

TEST(Message, batches_are_read_where_the_revision_has_them) {
  constexpr std::string_view kTwo =
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}])";
  EXPECT_EQ(code(kTwo), kInvalidRequest);
  auto messages = parse(kTwo, Batches::kAllowed);
  ASSERT_TRUE(messages.has_value());
  EXPECT_EQ(messages->size(), 2U);
  EXPECT_FALSE(parse("[]", Batches::kAllowed).has_value());
}

TEST(Message, what_is_written_is_read_back_as_one_line) {
  std::string out;
  write_request(out, std::string("a\nb"), "tools/call", json::Object{{"text", "x\ny"}});
  EXPECT_EQ(out.find('\n'), out.size() - 1);
  out.pop_back();
  const Message message = one(out);
  EXPECT_EQ(std::get<std::string>(message.id), "a\nb");
  EXPECT_EQ(message.params.string_or("text", ""), "x\ny");
}

}  // namespace
}  // namespace agentos::mcp
