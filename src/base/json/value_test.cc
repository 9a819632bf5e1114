// Objects keep order, equality ignores it, numbers compare by value.
#include <gtest/gtest.h>

#include "base/json/value.h"

namespace agentos::json {
namespace {

TEST(JsonObject, keeps_order_finds_inserts_and_erases) {
  Object object{{"z", 1}, {"a", "two"}};
  object.append("m", nullptr);
  object["new"] = 3.5;
  object["z"] = 9;
  ASSERT_EQ(object.size(), 4u);
  EXPECT_EQ(object.begin()[0].first, "z");
  EXPECT_EQ(object.begin()[3].first, "new");
  EXPECT_EQ(object.find("z")->as_int(), 9);
  EXPECT_EQ(object.find("absent"), nullptr);
  EXPECT_TRUE(object.erase("a"));
  EXPECT_FALSE(object.erase("a"));
  EXPECT_EQ(object.size(), 3u);
  EXPECT_EQ(object.begin()[1].first, "m");
}

TEST(JsonObject, equality_ignores_order_for_few_and_many) {
  Object few{{"a", 1}, {"b", 2}};
  EXPECT_EQ(few, (Object{{"b", 2}, {"a", 1}}));
  EXPECT_FALSE(few == (Object{{"b", 2}, {"a", 2}}));
  EXPECT_FALSE(few == (Object{{"a", 1}}));
  EXPECT_FALSE(few == (Object{{"a", 1}, {"c", 2}}));
  Object up;
  Object down;
  for (int i = 0; i < 1000; ++i) up.append(std::to_string(i), i);
  for (int i = 999; i >= 0; --i) down.append(std::to_string(i), i);
  EXPECT_EQ(up, down);
  down["500"] = 0;
  EXPECT_FALSE(up == down);
}

TEST(JsonValue, compares_numbers_by_value) {
  EXPECT_EQ(Value(1), Value(1.0));
  EXPECT_EQ(Value(0), Value(-0.0));
  EXPECT_FALSE(Value(1) == Value(1.5));
  EXPECT_FALSE(Value(std::int64_t{9007199254740993}) == Value(9007199254740992.0));
  EXPECT_FALSE(Value(INT64_MAX) == Value(9223372036854775808.0));
  EXPECT_EQ(Value(INT64_MIN), Value(-9223372036854775808.0));
  EXPECT_FALSE(Value(1) == Value(true));
  EXPECT_FALSE(Value("1") == Value(1));
  EXPECT_EQ(Value(Array{1, 2.0}), Value(Array{1.0, 2}));
}

TEST(JsonValue, falls_back_when_absent_or_of_another_type) {
  const Value value(Object{{"s", "text"}, {"i", 5}, {"d", 5.0}, {"b", true}});
  EXPECT_EQ(value.string_or("s", "x"), "text");
  EXPECT_EQ(value.string_or("i", "x"), "x");
  EXPECT_EQ(value.int_or("i", 1), 5);
  EXPECT_EQ(value.int_or("d", 1), 1);
  EXPECT_TRUE(value.bool_or("b", false));
  EXPECT_TRUE(value.bool_or("none", true));
  EXPECT_EQ(Value(3).find("s"), nullptr);
  EXPECT_EQ(Value(Array{}).int_or("i", 7), 7);
}

TEST(JsonValue, names_its_type) {
  EXPECT_STREQ(Value().type_name(), "null");
  EXPECT_STREQ(Value(false).type_name(), "boolean");
  EXPECT_STREQ(Value(1).type_name(), "integer");
  EXPECT_STREQ(Value(1.5).type_name(), "number");
  EXPECT_STREQ(Value("").type_name(), "string");
  EXPECT_STREQ(Value(Array{}).type_name(), "array");
  EXPECT_STREQ(Value(Object{}).type_name(), "object");
}

TEST(Utf8, tells_well_formed_from_ill_formed) {
  EXPECT_TRUE(valid_utf8(""));
  EXPECT_TRUE(valid_utf8(std::string_view("a\0b", 3)));
  EXPECT_TRUE(
      valid_utf8("\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
  for (const char* text :
       {"\x80", "\xBF", "\xC0\xAF", "\xC1\x81", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF8\x88\x80\x80\x80", "\xFE", "\xC2", "\xE1\x80", "\xF1\x80\x80", "\xC2\x41"}) {
    EXPECT_FALSE(valid_utf8(text)) << text;
    EXPECT_FALSE(valid_utf8(std::string("sixteen letters!") + text)) << text;
  }
}

TEST(Utf8, repairs_by_replacing_each_ill_formed_sequence) {
  EXPECT_EQ(to_valid_utf8("plain \xC3\xA4"), "plain \xC3\xA4");
  EXPECT_EQ(to_valid_utf8("a\x80z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_valid_utf8("\xF0\x9F\x98"), "\xEF\xBF\xBD");
  EXPECT_EQ(to_valid_utf8("\xF0\x9F\x41"),
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace agentos::json
