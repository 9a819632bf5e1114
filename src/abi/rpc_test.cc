// Lines in and out: what is taken, what is refused and with which id and code it can be answered.
#include "abi/rpc.h"

#include <gtest/gtest.h>

#include "abi/codes.h"

namespace agentos::abi::rpc {
namespace {

Message parsed(std::string_view line) {
  auto message = parse(line);
  EXPECT_TRUE(message.has_value()) << line.substr(0, 200) << ": " << message.error().error.message;
  return message ? std::move(*message) : Message{};
}

Rejected rejected(std::string_view line) {
  auto message = parse(line);
  EXPECT_FALSE(message.has_value()) << line.substr(0, 200);
  return message ? Rejected{} : std::move(message.error());
}

int jsonrpc_code(const Rejected& rejected) { return error_info(rejected.error.code).jsonrpc; }

TEST(Rpc, request_is_read_whole) {
  const Message message = parsed(R"({"jsonrpc":"2.0","id":7,"method":"read","params":{"path":"/a"}})");
  EXPECT_EQ(message.kind, Message::Kind::kRequest);
  EXPECT_EQ(message.id, Id(std::int64_t{7}));
  EXPECT_EQ(message.method, "read");
  EXPECT_EQ(message.params.string_or("path", ""), "/a");
}

TEST(Rpc, absent_params_are_an_empty_object) {
  const Message message = parsed(R"({"jsonrpc":"2.0","id":1,"method":"status"})");
  ASSERT_TRUE(message.params.is_object());
  EXPECT_TRUE(message.params.as_object().empty());
}

TEST(Rpc, message_without_id_is_a_notification) {
  const Message message = parsed(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  EXPECT_EQ(message.kind, Message::Kind::kNotification);
  EXPECT_EQ(parsed(R"({"jsonrpc":"2.0","id":null,"method":"status"})").kind, Message::Kind::kRequest);
}

TEST(Rpc, ids_are_integers_within_2_to_the_53_text_or_null) {
  const auto line_with = [](std::string id) { return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"status"})"; };
  EXPECT_EQ(parsed(line_with("0")).id, Id(std::int64_t{0}));
  EXPECT_EQ(parsed(line_with("-5")).id, Id(std::int64_t{-5}));
  EXPECT_EQ(parsed(line_with("9007199254740991")).id, Id(std::int64_t{9007199254740991}));
  EXPECT_EQ(parsed(line_with("\"a\\u00e9\"")).id, Id(std::string("a\u00e9")));
  EXPECT_EQ(parsed(line_with("\"\"")).id, Id(std::string()));
  EXPECT_EQ(parsed(line_with("null")).id, Id());
  EXPECT_EQ(parsed(line_with("\"" + std::string(kIdBytesMax, 'x') + "\"")).id, Id(std::string(kIdBytesMax, 'x')));
  for (const std::string bad : {"9007199254740992", "-9007199254740992", "1.5", "true", "{}", "[1]"}) {
    const Rejected why = rejected(line_with(bad));
    EXPECT_EQ(jsonrpc_code(why), -32600) << bad;
    EXPECT_EQ(why.id, Id()) << bad;
  }
  EXPECT_EQ(jsonrpc_code(rejected(line_with("\"" + std::string(kIdBytesMax + 1, 'x') + "\""))), -32600);
}

TEST(Rpc, malformed_and_truncated_lines_are_parse_errors) {
  const std::string whole = R"({"jsonrpc":"2.0","id":1,"method":"read","params":{"path":"/a"}})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(jsonrpc_code(rejected(std::string_view(whole).substr(0, size))), -32700) << size;
  }
  for (std::string_view bad : {"nonsense", "{]", R"({"jsonrpc":"2.0",})", R"({"a":"\ud800"})", "{} {}",
                               "{\"a\":\"\xff\"}", R"({"n":NaN})", "\0"}) {
    EXPECT_EQ(jsonrpc_code(rejected(bad)), -32700) << bad;
  }
}

TEST(Rpc, duplicate_keys_are_parse_errors_at_any_depth) {
  EXPECT_EQ(jsonrpc_code(rejected(R"({"jsonrpc":"2.0","id":1,"id":2,"method":"status"})")), -32700);
  EXPECT_EQ(jsonrpc_code(rejected(R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":{"b":1,"b":1}}})")), -32700);
}

TEST(Rpc, line_beyond_its_bound_is_too_large) {
  std::string line = R"({"jsonrpc":"2.0","id":1,"method":"write","params":{"data":")";
  line += std::string(kLineBytesMax - line.size() - 3, 'x') + "\"}}";
  ASSERT_EQ(line.size(), kLineBytesMax);
  EXPECT_EQ(parsed(line).method, "write");
  line.insert(line.size() - 3, "x");
  EXPECT_EQ(rejected(line).error.code, error::too_large);
}

TEST(Rpc, depth_and_number_of_values_are_bounded) {
  const auto nested = [](std::size_t levels) {
    return R"({"jsonrpc":"2.0","id":1,"method":"x","params":)" + [&] {
      std::string text;
      for (std::size_t i = 0; i < levels; ++i) text += R"({"a":)";
      return text + "1" + std::string(levels, '}');
    }() + "}";
  };
  EXPECT_TRUE(parse(nested(kDepthMax - 2)).has_value());
  EXPECT_FALSE(parse(nested(kDepthMax + 1)).has_value());
  std::string many = R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[0)";
  for (std::size_t i = 0; i < kValuesMax; ++i) many += ",0";
  EXPECT_FALSE(parse(many + "]}}").has_value());
  EXPECT_EQ(parse(nested(100'000)).has_value(), false);
}

TEST(Rpc, batches_and_other_values_are_invalid_requests) {
  const Rejected batch = rejected(R"([{"jsonrpc":"2.0","id":1,"method":"status"}])");
  EXPECT_EQ(jsonrpc_code(batch), -32600);
  EXPECT_EQ(batch.error.hint, "send one message a line");
  for (std::string_view line : {"[]", "1", "\"x\"", "null", "true", "{}"}) {
    EXPECT_EQ(jsonrpc_code(rejected(line)), -32600) << line;
  }
}

TEST(Rpc, other_versions_are_invalid_requests_that_keep_their_id) {
  for (std::string_view line : {R"({"id":4,"method":"status"})", R"({"jsonrpc":"1.0","id":4,"method":"status"})",
                                R"({"jsonrpc":2.0,"id":4,"method":"status"})"}) {
    const Rejected why = rejected(line);
    EXPECT_EQ(jsonrpc_code(why), -32600) << line;
    EXPECT_EQ(why.id, Id(std::int64_t{4})) << line;
  }
}

TEST(Rpc, unknown_member_is_refused_by_name) {
  const Rejected why = rejected(R"({"jsonrpc":"2.0","id":"q","method":"status","extra":1})");
  EXPECT_EQ(jsonrpc_code(why), -32600);
  EXPECT_EQ(why.error.message, "unknown member \"extra\"");
  EXPECT_EQ(why.id, Id(std::string("q")));
  EXPECT_FALSE(parse(R"({"jsonrpc":"2.0","id":1,"method":"status","result":1})").has_value());
  EXPECT_FALSE(parse(R"({"jsonrpc":"2.0","id":1,"result":1,"params":{}})").has_value());
}

TEST(Rpc, method_is_text_within_its_bound) {
  const auto line_with = [](std::string method) { return R"({"jsonrpc":"2.0","id":1,"method":)" + method + "}"; };
  EXPECT_EQ(parsed(line_with("\"" + std::string(kMethodBytesMax, 'm') + "\"")).method.size(), kMethodBytesMax);
  for (const std::string& bad : {std::string("1"), std::string("null"), std::string("\"\""), std::string("{}"),
                                 "\"" + std::string(kMethodBytesMax + 1, 'm') + "\""}) {
    EXPECT_EQ(jsonrpc_code(rejected(line_with(bad))), -32600) << bad;
  }
}

TEST(Rpc, params_that_are_null_are_invalid_params_and_other_shapes_invalid_requests) {
  const Rejected null = rejected(R"({"jsonrpc":"2.0","id":9,"method":"status","params":null})");
  EXPECT_EQ(null.error.code, error::invalid_argument);
  EXPECT_EQ(jsonrpc_code(null), -32602);
  EXPECT_EQ(null.id, Id(std::int64_t{9}));
  for (const std::string bad : {"[]", "1", "\"x\"", "true"}) {
    const Rejected why = rejected(R"({"jsonrpc":"2.0","id":9,"method":"status","params":)" + bad + "}");
    EXPECT_EQ(jsonrpc_code(why), -32600) << bad;
    EXPECT_EQ(why.id, Id(std::int64_t{9}));
  }
}

TEST(Rpc, response_holds_a_result_or_an_error) {
  const Message result = parsed(R"({"jsonrpc":"2.0","id":1,"result":null})");
  EXPECT_EQ(result.kind, Message::Kind::kResponse);
  EXPECT_FALSE(result.is_error);
  const Message failed = parsed(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}})");
  EXPECT_TRUE(failed.is_error);
  EXPECT_EQ(failed.error.int_or("code", 0), -32700);
  for (std::string_view bad : {R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","result":1})",
                               R"({"jsonrpc":"2.0","id":1,"result":1,"error":{}})"}) {
    EXPECT_EQ(jsonrpc_code(rejected(bad)), -32600) << bad;
  }
}

TEST(Rpc, what_is_written_is_one_line_that_reads_back) {
  std::string out;
  write_request(out, std::string("i\"\n"), "read", R"({"path":"/a"})");
  EXPECT_EQ(out, "{\"jsonrpc\":\"2.0\",\"id\":\"i\\\"\\n\",\"method\":\"read\",\"params\":{\"path\":\"/a\"}}\n");
  EXPECT_EQ(parsed(std::string_view(out).substr(0, out.size() - 1)).id, Id(std::string("i\"\n")));
  out.clear();
  write_notification(out, "notifications/signal", R"({"signal":"SIGTERM"})");
  EXPECT_EQ(parsed(std::string_view(out).substr(0, out.size() - 1)).kind, Message::Kind::kNotification);
  out.clear();
  write_result(out, std::int64_t{-3}, R"({"size":1})");
  EXPECT_EQ(out, "{\"jsonrpc\":\"2.0\",\"id\":-3,\"result\":{\"size\":1}}\n");
}

TEST(Rpc, error_carries_its_name_codes_hint_and_extra_and_reads_back) {
  std::string out;
  write_error(out, std::int64_t{1}, Error{error::denied, "policy denies write to /etc", "ask for it"},
              json::Object{{"rule", "r1"}});
  ASSERT_EQ(out.find('\n'), out.size() - 1);
  const Message message = parsed(std::string_view(out).substr(0, out.size() - 1));
  ASSERT_TRUE(message.is_error);
  EXPECT_EQ(message.error.int_or("code", 0), -32000);
  EXPECT_EQ(message.error.find("data")->int_or("code", 0), -2);
  EXPECT_EQ(message.error.find("data")->string_or("rule", ""), "r1");
  const Error read = error_of(message.error);
  EXPECT_EQ(read.code, error::denied);
  EXPECT_EQ(read.message, "policy denies write to /etc");
  EXPECT_EQ(read.hint, "ask for it");
}

TEST(Rpc, every_error_of_the_table_reads_back_as_itself) {
  for (const ErrorInfo& info : errors()) {
    std::string out;
    write_error(out, Id(), Error{static_cast<ErrorCode>(info.code), "", ""});
    const Message message = parsed(std::string_view(out).substr(0, out.size() - 1));
    EXPECT_EQ(error_of(message.error).code, static_cast<ErrorCode>(info.code)) << info.name;
    EXPECT_EQ(message.error.string_or("message", ""), info.sentence);
    EXPECT_EQ(message.error.find("data")->find("hint"), nullptr);
  }
}

TEST(Rpc, error_without_a_known_name_is_internal) {
  EXPECT_EQ(error_of(json::Object{{"code", -32000}, {"message", "m"}}).code, error::internal);
  EXPECT_EQ(error_of(json::Object{{"data", json::Object{{"error", "no_such"}}}}).code, error::internal);
  EXPECT_EQ(error_of(json::Value(5)).code, error::internal);
}

}  // namespace
}  // namespace agentos::abi::rpc
