// Fields and bodies that say different things are refused; values survive being a field.
#include "lib/mcp/http_headers.h"

#include <gtest/gtest.h>

#include <map>

namespace agentos::mcp {
namespace {

using Headers = std::map<std::string, std::string, std::less<>>;

HeaderLookup lookup(const Headers& headers) {
  return [&headers](std::string_view name) -> std::optional<std::string_view> {
    const auto found = headers.find(name);
    if (found == headers.end()) return std::nullopt;
    return found->second;
  };
}

Message message_of(const std::string& text) { return parse(text, Batches::kRefused)->front(); }

const std::string kCall =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sql","arguments":{"region":"us","n":42,"deep":{"on":true},"gone":null},)"
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";

TEST(HttpHeaders, values_survive_being_a_field) {
  for (const std::string value :
       {"us-west1", "Hello, \xe4\xb8\x96\xe7\x95\x8c", " padded ", "line1\nline2", "=?base64?literal?=", ""}) {
    const std::string field = encode_header_value(value);
    EXPECT_EQ(field.find('\n'), std::string::npos);
    EXPECT_EQ(*decode_header_value(field), value);
  }
  EXPECT_EQ(encode_header_value("Hello, \xe4\xb8\x96\xe7\x95\x8c"), "=?base64?SGVsbG8sIOS4lueVjA==?=");
  EXPECT_EQ(encode_header_value(" padded "), "=?base64?IHBhZGRlZCA=?=");
  for (const char* bad : {"=?base64?*?=", "=?base64?SGVsbG8?=", "\x01", "\xc3\xa9"}) {
    EXPECT_FALSE(decode_header_value(bad).has_value()) << bad;
  }
}

TEST(HttpHeaders, a_request_says_the_same_twice_or_is_refused) {
  const Message message = message_of(kCall);
  const Headers good = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}, {"Mcp-Name", "sql"}};
  EXPECT_FALSE(check_headers(message, lookup(good)).has_value());
  for (const auto& [name, value] : good) {
    Headers other = good;
    other[name] = "other";
    EXPECT_EQ(check_headers(message, lookup(other))->code, kHeaderMismatch) << name;
    other.erase(name);
    EXPECT_EQ(check_headers(message, lookup(other))->code, kHeaderMismatch) << name;
  }
  Headers encoded = good;
  encoded["Mcp-Name"] = "=?base64?c3Fs?=";
  EXPECT_FALSE(check_headers(message, lookup(encoded)).has_value());
}

TEST(HttpHeaders, a_notification_needs_no_method_but_may_not_lie_about_it) {
  const Message message = message_of(R"({"jsonrpc":"2.0","method":"notifications/x"})");
  const Headers version = {{"MCP-Protocol-Version", "2026-07-28"}};
  EXPECT_FALSE(check_headers(message, lookup(version)).has_value());
  const Headers lie = {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}};
  EXPECT_TRUE(check_headers(message, lookup(lie)).has_value());
}

TEST(HttpHeaders, arguments_that_are_mirrored_are_compared) {
  const auto schema = json::parse(
      R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},
          "n":{"type":"integer","x-mcp-header":"N"},
          "deep":{"type":"object","properties":{"on":{"type":"boolean","x-mcp-header":"On"}}},
          "gone":{"type":"string","x-mcp-header":"Gone"}}})");
  const auto params = param_headers(*schema);
  ASSERT_TRUE(params.has_value()) << params.error().message;
  ASSERT_EQ(params->size(), 4U);
  const Message message = message_of(kCall);
  const Headers good = {{"Mcp-Param-Region", "us"}, {"Mcp-Param-N", "42.0"}, {"Mcp-Param-On", "true"}};
  EXPECT_FALSE(check_param_headers(message, *params, lookup(good)).has_value());
  for (const auto& [name, value] : good) {
    Headers other = good;
    other[name] = "43";
    EXPECT_TRUE(check_param_headers(message, *params, lookup(other)).has_value()) << name;
    other.erase(name);
    EXPECT_TRUE(check_param_headers(message, *params, lookup(other)).has_value()) << name;
  }
  Headers extra = good;
  extra["Mcp-Param-Gone"] = "x";
  EXPECT_TRUE(check_param_headers(message, *params, lookup(extra)).has_value());
  std::size_t told = 0;
  for (const HeaderField& field : headers_of(message, *params)) told += field.name.starts_with("Mcp-Param-") ? 1 : 0;
  EXPECT_EQ(told, 3U);
}

TEST(HttpHeaders, definitions_that_break_the_rules_are_found) {
  for (const char* bad :
       {R"({"properties":{"a":{"type":"string","x-mcp-header":""}}})",
        R"({"properties":{"a":{"type":"string","x-mcp-header":"a b"}}})",
        R"({"properties":{"a":{"type":"number","x-mcp-header":"A"}}})",
        R"({"properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}})",
        R"({"properties":{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}})",
        R"({"anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]})",
        R"({"x-mcp-header":"A","type":"string"})"}) {
    EXPECT_FALSE(param_headers(*json::parse(bad)).has_value()) << bad;
  }
  EXPECT_TRUE(param_headers(*json::parse(R"({"properties":{"x-mcp-header":{"type":"string"}}})"))->empty());
}

}  // namespace
}  // namespace agentos::mcp
