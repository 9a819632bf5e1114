// The three forms of text, RFC 8785's numbers and order, and that whatever is written reads back equal.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/json/value.h"
#include "base/random.h"

namespace agentos::json {
namespace {

std::string number(double value) {
  std::string out;
  write_double(value, out);
  return out;
}

TEST(JsonWrite, writes_numbers_as_ecmascript_does) {
  const std::pair<std::uint64_t, const char*> table[] = {{0x0000000000000000, "0"},
                                                         {0x8000000000000000, "0"},
                                                         {0x0000000000000001, "5e-324"},
                                                         {0x8000000000000001, "-5e-324"},
                                                         {0x7fefffffffffffff, "1.7976931348623157e+308"},
                                                         {0xffefffffffffffff, "-1.7976931348623157e+308"},
                                                         {0x4340000000000000, "9007199254740992"},
                                                         {0xc340000000000000, "-9007199254740992"},
                                                         {0x4430000000000000, "295147905179352830000"},
                                                         {0x44b52d02c7e14af5, "9.999999999999997e+22"},
                                                         {0x44b52d02c7e14af6, "1e+23"},
                                                         {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
                                                         {0x444b1ae4d6e2ef4e, "999999999999999700000"},
                                                         {0x444b1ae4d6e2ef4f, "999999999999999900000"},
                                                         {0x444b1ae4d6e2ef50, "1e+21"},
                                                         {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
                                                         {0x3eb0c6f7a0b5ed8d, "0.000001"},
                                                         {0x41b3de4355555553, "333333333.3333332"},
                                                         {0x41b3de4355555554, "333333333.33333325"},
                                                         {0x41b3de4355555555, "333333333.3333333"},
                                                         {0x41b3de4355555556, "333333333.3333334"},
                                                         {0x41b3de4355555557, "333333333.33333343"},
                                                         {0xbecbf647612f3696, "-0.0000033333333333333333"},
                                                         {0x43143ff3c1cb0959, "1424953923781206.2"}};
  for (const auto& [bits, text] : table) EXPECT_EQ(number(std::bit_cast<double>(bits)), text);
  EXPECT_EQ(number(0.5), "0.5");
  EXPECT_EQ(number(100), "100");
  EXPECT_EQ(number(-1.25e-7), "-1.25e-7");
  EXPECT_EQ(number(123456.789), "123456.789");
}

TEST(JsonWrite, escapes_only_what_must_be) {
  std::string out;
  write_string(std::string_view("\x00\x01\b\t\n\v\f\r\x1f \"/\\\x7f\xC3\xA4\xE2\x80\xA8 plain text behind", 37), out);
  EXPECT_EQ(out, "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f \\\"/\\\\\x7f\xC3\xA4\xE2\x80\xA8 plain text behind\"");
  for (std::size_t at = 0; at < 20; ++at) {  // the quote at every offset of the eight-octet steps
    std::string text(20, 'x');
    text[at] = '"';
    std::string expected = text;
    expected.insert(at, "\\");
    out.clear();
    write_string(text, out);
    EXPECT_EQ(out, "\"" + expected + "\"");
  }
}

TEST(JsonWrite, sorts_canonical_members_by_utf16_code_units) {
  const auto value = parse(R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
      "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(write_canonical(*value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
            "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\",\"\xE2\x82\xAC\":\"Euro Sign\","
            "\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(JsonWrite, writes_the_canonical_example_of_the_rfc) {
  const auto value = parse(R"({"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
      "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(write_canonical(*value),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(JsonWrite, sorts_many_members_and_prefixes) {
  Object object;
  for (int i = 99; i >= 0; --i) object.append("k" + std::to_string(i), i);
  object.append("k", "first");
  const std::string text = write_canonical(Value(object));
  EXPECT_EQ(text.substr(0, 30), R"({"k":"first","k0":0,"k1":1,"k1)");
  EXPECT_EQ(*parse(text), Value(object));
}

TEST(JsonWrite, indents_for_people) {
  const auto value = parse(R"({"a":[1,{}],"b":[],"c":{"d":null}})");
  EXPECT_EQ(write_pretty(*value),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": [],\n  \"c\": {\n    \"d\": null\n  }\n}");
}

TEST(JsonWrite, reads_back_what_write_wrote_even_beyond_exact_integers) {
  for (double value : {1e19, -1e20, 558399488515316608.0, 9007199254740992.0, 9223372036854775808.0, 1e21, 1.5e300}) {
    const auto again = parse(write(Value(value)));
    ASSERT_TRUE(again.has_value()) << write(Value(value));
    EXPECT_EQ(again->as_double(), value);
  }
  EXPECT_EQ(write_canonical(Value(1e19)), "10000000000000000000");  // the RFC fixes this form
}

Value random_value(SeededRandom& random, int depth) {
  std::array<std::uint8_t, 8> octets;
  random.fill(std::as_writable_bytes(std::span(octets)));
  const auto bits = std::bit_cast<std::uint64_t>(octets);
  switch (octets[7] % (depth > 0 ? 8 : 6)) {
    case 0:
      return Value();
    case 1:
      return Value((bits & 1) != 0);
    case 2:
      return Value(static_cast<std::int64_t>(bits));
    case 3: {
      const double number = std::bit_cast<double>(bits);
      return std::isfinite(number) ? Value(number) : Value(0.1);
    }
    case 4:
    case 5:
      return Value(to_valid_utf8({reinterpret_cast<const char*>(octets.data()), octets[0] % 8u}));
    case 6: {
      Array array;
      for (int i = octets[0] % 5; i > 0; --i) array.push_back(random_value(random, depth - 1));
      return Value(std::move(array));
    }
    default: {
      Object object;
      for (int i = octets[0] % 24; i > 0; --i) object.append("k" + std::to_string(i), random_value(random, depth - 1));
      return Value(std::move(object));
    }
  }
}

TEST(JsonWrite, round_trips_random_values) {
  SeededRandom random(8785);
  for (int i = 0; i < 3000; ++i) {
    const Value value = random_value(random, 3);
    const auto compact = parse(write(value));
    ASSERT_TRUE(compact.has_value()) << write(value) << compact.error().message;
    ASSERT_EQ(*compact, value) << write(value);
    const auto pretty = parse(write_pretty(value));
    ASSERT_TRUE(pretty.has_value());
    ASSERT_EQ(*pretty, value);
    ASSERT_EQ(write_canonical(*compact), write_canonical(value));
  }
}

}  // namespace
}  // namespace agentos::json
