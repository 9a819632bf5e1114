// Which words are placeholders and what arguments become.
#include "lib/tool/executors/process/command.h"

#include <gtest/gtest.h>

namespace agentos::tool {
namespace {

using Words = std::vector<std::string>;

Words expanded(const Words& command, json::Object arguments) {
  auto words = expand_command(command, json::Value(std::move(arguments)));
  return words ? *words : Words{"error: " + words.error().message};
}

TEST(Command, only_whole_words_are_placeholders) {
  EXPECT_EQ(placeholder_of("{path}")->name, "path");
  EXPECT_EQ(placeholder_of("{path?}")->kind, Placeholder::Kind::kOptional);
  EXPECT_EQ(placeholder_of("{files...}")->name, "files");
  EXPECT_EQ(placeholder_of("{files...}")->kind, Placeholder::Kind::kSpread);
  for (const char* literal :
       {"path", "{}", "{?}", "{...}", "--x={path}", "{path}x", "{a b}", "{", "{\"a\":1}", "{a}{b}"}) {
    EXPECT_FALSE(placeholder_of(literal)) << literal;
  }
}

TEST(Command, an_argument_is_always_one_word) {
  EXPECT_EQ(expanded({"grep", "{pattern}"}, {{"pattern", "a b; rm -rf / $(x) {path}"}}),
            (Words{"grep", "a b; rm -rf / $(x) {path}"}));
  EXPECT_EQ(expanded({"x", "{n}", "{f}", "{yes}", "{empty}"}, {{"n", 7}, {"f", 1.5}, {"yes", true}, {"empty", ""}}),
            (Words{"x", "7", "1.5", "true", ""}));
  EXPECT_EQ(expanded({"x", "{o}"}, {{"o", "-rf"}}), (Words{"x", "-rf"}));
}

TEST(Command, optional_and_spread_words_may_vanish) {
  EXPECT_EQ(expanded({"x", "{a?}", "y"}, {}), (Words{"x", "y"}));
  EXPECT_EQ(expanded({"x", "{a?}"}, {{"a", nullptr}}), (Words{"x"}));
  EXPECT_EQ(expanded({"x", "{a?}"}, {{"a", "v"}}), (Words{"x", "v"}));
  EXPECT_EQ(expanded({"x", "{a...}"}, {{"a", json::Array{"1", "2 3"}}}), (Words{"x", "1", "2 3"}));
  EXPECT_EQ(expanded({"x", "{a...}"}, {}), (Words{"x"}));
}

TEST(Command, what_fits_no_word_is_refused_by_name) {
  EXPECT_EQ(expanded({"x", "{a}"}, {})[0], "error: the argument \"a\" is missing");
  EXPECT_EQ(expanded({"x", "{a}"}, {{"a", json::Object{}}})[0],
            "error: the argument \"a\" is of type object and cannot be one word");
  EXPECT_EQ(expanded({"x", "{a}"}, {{"a", std::string("a\0b", 3)}})[0],
            "error: the argument \"a\" has a NUL character");
  EXPECT_EQ(expanded({"x", "{a...}"}, {{"a", "text"}})[0], "error: the argument \"a\" is of type string, not an array");
  EXPECT_EQ(expanded({"x", "{a...}"}, {{"a", json::Array{1}}})[0],
            "error: the argument \"a\" holds a integer, not strings only");
  EXPECT_EQ(expanded({"x", "{a...}"}, {{"a", json::Array(2000, json::Value("w"))}})[0],
            "error: the argument \"a\" makes the command too long");
  EXPECT_TRUE(expanded({"x", "{a}"}, {{"a", std::string(kWordBytesMax + 1, 'w')}})[0].starts_with("error: "));
}

}  // namespace
}  // namespace agentos::tool
