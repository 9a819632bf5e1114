// What parse() takes, what it refuses, and where it says the trouble is.
#include <gtest/gtest.h>

#include <cmath>

#include "base/json/value.h"

namespace agentos::json {
namespace {

Value parsed(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value.has_value()) << text << ": " << (value ? "" : value.error().message);
  return value ? std::move(*value) : Value();
}

std::string refusal(std::string_view text, const ParseLimits& limits = {}) {
  const auto value = parse(text, limits);
  return value ? "accepted " + write(*value) : value.error().message;
}

TEST(JsonParse, reads_every_type) {
  const Value value = parsed(R"( {"n":null,"t":true,"f":false,"i":-12,"d":1.5,"s":"x","a":[1,[2]],"o":{"":{}}} )");
  ASSERT_TRUE(value.is_object());
  EXPECT_EQ(value.as_object().size(), 8u);
  EXPECT_TRUE(value.find("n")->is_null());
  EXPECT_TRUE(value.bool_or("t", false));
  EXPECT_FALSE(value.bool_or("f", true));
  EXPECT_EQ(value.int_or("i", 0), -12);
  EXPECT_EQ(value.find("d")->as_double(), 1.5);
  EXPECT_EQ(value.string_or("s", ""), "x");
  EXPECT_EQ(value.find("a")->as_array()[1].as_array()[0].as_int(), 2);
  EXPECT_TRUE(value.find("o")->find("")->as_object().empty());
  EXPECT_EQ(write(value), R"({"n":null,"t":true,"f":false,"i":-12,"d":1.5,"s":"x","a":[1,[2]],"o":{"":{}}})");
}

TEST(JsonParse, keeps_integers_exact_and_tells_them_from_doubles) {
  EXPECT_EQ(parsed("9223372036854775807").as_int(), INT64_MAX);
  EXPECT_EQ(parsed("-9223372036854775808").as_int(), INT64_MIN);
  EXPECT_TRUE(parsed("-0").is_int());
  EXPECT_EQ(parsed("-0").as_int(), 0);
  EXPECT_TRUE(parsed("1.0").is_double());
  EXPECT_TRUE(parsed("1e3").is_double());
  EXPECT_TRUE(std::signbit(parsed("-0.0").as_double()));
}

TEST(JsonParse, rounds_doubles_correctly) {
  EXPECT_EQ(parsed("2.2250738585072014e-308").as_double(), 2.2250738585072014e-308);
  EXPECT_EQ(parsed("1.7976931348623157e308").as_double(), 1.7976931348623157e308);
  EXPECT_EQ(parsed("9007199254740993.0").as_double(), 9007199254740992.0);
  EXPECT_EQ(parsed("0.1").as_double(), 0.1);
  EXPECT_EQ(parsed("123456789012345678901234567890e-10").as_double(), 123456789012345678901234567890e-10);
  EXPECT_EQ(parsed("7.038531e-26").as_double(), 7.038531e-26);
  EXPECT_EQ(parsed("1e-400").as_double(), 0.0);
}

TEST(JsonParse, refuses_numbers_out_of_range) {
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "18446744073709551615",
                           "18446744073709551616", "123456789012345678901234567890"}) {
    EXPECT_EQ(refusal(text), "1:1: integer out of range (64 bits with sign)") << text;
  }
  for (const char* text : {"1e400", "-1e400", "1.8e308"}) EXPECT_EQ(refusal(text), "1:1: number out of range") << text;
  EXPECT_NE(refusal("1e99999999999").find("number out of range"), std::string::npos);
}

TEST(JsonParse, refuses_what_the_grammar_does_not_have) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "tru",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "-",
                           "1e",
                           "1e+",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "'a'",
                           "\"a",
                           "[1,]",
                           "[1",
                           "[,1]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{1:1}",
                           "[1]x",
                           "1 2",
                           "// c\n1",
                           "/* c */1",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12G4\"",
                           "\"\t\"",
                           "\"\n\"",
                           "\xEF\xBB\xBF"
                           "1",
                           "[1}",
                           "{]",
                           "0x10",
                           "1_000",
                           "\"a\"b"}) {
    const auto value = parse(text);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_EQ(value.error().code, ErrorCode::kMalformed) << text;
    EXPECT_NE(value.error().message.find(':'), std::string::npos);
  }
  EXPECT_FALSE(parse(std::string_view("\0", 1)).has_value());
  EXPECT_FALSE(parse(std::string_view("1\0", 2)).has_value());
  EXPECT_FALSE(parse(std::string_view("\"a\0\"", 4)).has_value());
}

TEST(JsonParse, says_line_and_column) {
  EXPECT_EQ(refusal("[1,\n  x]"), "2:3: unexpected character 'x'");
  EXPECT_EQ(refusal("{\"\xC3\xA4\":1,\n\"b\":2,\n \"b\":3}").substr(0, 4), "3:3:");
  EXPECT_EQ(refusal("[1"), "1:3: the text ends before the value does");
  EXPECT_EQ(refusal("[]\n]"), "2:1: bytes after the value");
}

TEST(JsonParse, refuses_duplicate_keys) {
  EXPECT_EQ(refusal(R"({"a":1,"a":1})"), "1:9: duplicate key \"a\"");
  EXPECT_NE(refusal(R"({"a":1,"\u0061":2})").find("duplicate key \"a\""), std::string::npos);
  EXPECT_NE(refusal(R"([{"x":{"":1,"":2}}])").find("duplicate key \"\""), std::string::npos);
  EXPECT_EQ(parsed(R"([{"a":1},{"a":2},{"b":{"a":1},"a":3}])").as_array().size(), 3u);
}

TEST(JsonParse, finds_a_duplicate_in_a_huge_object_in_reasonable_time) {
  std::string text = "{";
  for (int i = 0; i < 90'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  const std::string unique = text + "\"last\":0}";
  const std::string twice = text + "\"k17\":0}";
  const ParseLimits limits{.bytes_max = 2 << 20};
  const auto value = parse(unique, limits);
  ASSERT_TRUE(value.has_value()) << value.error().message;
  EXPECT_EQ(value->as_object().size(), 90'001u);
  EXPECT_NE(refusal(twice, limits).find("duplicate key \"k17\""), std::string::npos);
}

TEST(JsonParse, refuses_invalid_utf8) {
  for (const char* octets :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98"}) {
    const std::string text = std::string("\"a") + octets + "\"";
    EXPECT_FALSE(parse(text).has_value()) << text;
    EXPECT_FALSE(parse("{" + text + ":1}").has_value()) << text;
  }
  EXPECT_EQ(parsed("\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xEE\x80\x80\xF4\x8F\xBF\xBF\"").as_string().size(), 16u);
}

TEST(JsonParse, pairs_surrogate_escapes_and_refuses_lone_ones) {
  EXPECT_EQ(parsed(R"("\ud83d\ude00\u00e4\u0000\/\b\f\n\r\t\"\\")").as_string(),
            std::string("\xF0\x9F\x98\x80\xC3\xA4\0/\b\f\n\r\t\"\\", 15));
  for (const char* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ude00\ud83d")"}) {
    EXPECT_FALSE(parse(text).has_value()) << text;
  }
  EXPECT_NE(refusal(R"("\ud83d\u0041")").find("unpaired surrogate"), std::string::npos);
}

TEST(JsonParse, joins_the_pieces_of_long_escaped_strings) {
  std::string text = "{\"";
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    text += "ab\\n";
    expected += "ab\n";
  }
  text += "\":\"" + text.substr(2) + "\"}";
  const Value value = parsed(text);
  ASSERT_EQ(value.as_object().size(), 1u);
  EXPECT_EQ(value.as_object().begin()->first, expected);
  EXPECT_EQ(value.as_object().begin()->second.as_string(), expected);
}

TEST(JsonParse, holds_its_limits) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse(nested(32)).has_value());
  const auto deep = parse(nested(33));
  ASSERT_FALSE(deep.has_value());
  EXPECT_EQ(deep.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(deep.error().message, "1:33: nested deeper than 32");
  EXPECT_FALSE(parse(std::string(200'000, '[')).has_value());
  EXPECT_TRUE(parse("[1,2,3]", {.values_max = 4}).has_value());
  const auto many = parse("[1,2,3,4]", {.values_max = 4});
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(parse("1234", {.bytes_max = 4}).has_value());
  EXPECT_EQ(parse("12345", {.bytes_max = 4}).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace agentos::json
