// Patterns and sets: what matches, what is refused and how it is said, and that bounds and threads hold.
#include <gtest/gtest.h>

#include <thread>

#include "base/regex/pattern.h"
#include "base/regex/pattern_set.h"

namespace agentos::regex {
namespace {

Pattern compiled(std::string_view expression, const Options& options = {}) {
  auto pattern = Pattern::compile(expression, options);
  EXPECT_TRUE(pattern) << expression << ": " << pattern.error().message;
  return std::move(pattern).value();
}

Error refused(std::string_view expression) {
  const auto pattern = Pattern::compile(expression);
  EXPECT_FALSE(pattern) << expression;
  return pattern ? Error{} : pattern.error();
}

TEST(Pattern, search_is_unanchored_and_full_match_is_not) {
  const Pattern pattern = compiled("b+");
  EXPECT_TRUE(pattern.search("abbc"));
  EXPECT_FALSE(pattern.search("ac"));
  EXPECT_FALSE(pattern.full_match("abbc"));
  EXPECT_TRUE(pattern.full_match("bb"));
}

TEST(Pattern, alternatives_are_tried_until_the_whole_text_matches) { EXPECT_TRUE(compiled("a|ab").full_match("ab")); }

TEST(Pattern, case_and_dot_follow_the_options) {
  EXPECT_FALSE(compiled("drop").search("DROP"));
  EXPECT_TRUE(compiled("drop", {.letters = Case::kInsensitive}).search("DROP"));
  EXPECT_FALSE(compiled("a.b").search("a\nb"));
  EXPECT_TRUE(compiled("a.b", {.dot = Dot::kMatchesNewline}).search("a\nb"));
}

TEST(Pattern, find_gives_octet_offsets_of_the_leftmost_match) {
  const Pattern pattern = compiled("[0-9]+");
  const std::string_view text = "\xc3\xa9 12, 345";
  EXPECT_EQ(pattern.find(text), (Span{3, 5}));
  EXPECT_EQ(pattern.find(text, 5), (Span{7, 10}));
  EXPECT_EQ(pattern.find(text, 10), std::nullopt);
  EXPECT_EQ(pattern.find(text, 99), std::nullopt);
  EXPECT_EQ(compiled("x*").find("ab"), (Span{0, 0}));
}

TEST(Pattern, find_from_the_middle_keeps_the_start_of_the_text) {
  EXPECT_EQ(compiled("^b").find("ab", 1), std::nullopt);
  EXPECT_EQ(compiled("\\bb").find("ab b", 1), (Span{3, 4}));
}

TEST(Pattern, a_text_that_is_not_utf8_is_no_error) {
  EXPECT_TRUE(compiled("secret").search("\xff\xfe secret"));
  EXPECT_FALSE(compiled("^.$").search("\xff\xfe"));
}

TEST(Pattern, look_around_is_refused_with_its_place_and_a_way_out) {
  const Error error = refused("secret(?=s)");
  EXPECT_EQ(error.code, ErrorCode::kMalformed);
  EXPECT_EQ(error.message, "unsupported regular expression: an unknown group at octet 7 ((?=)");
  EXPECT_TRUE(error.hint.contains("look-around")) << error.hint;
  EXPECT_TRUE(refused("(?<!a)b").hint.contains("look-around"));
}

TEST(Pattern, back_reference_is_refused_with_its_place_and_a_way_out) {
  const Error error = refused("(a)\\1");
  EXPECT_EQ(error.message, "unsupported regular expression: unknown escape at octet 4 (\\1)");
  EXPECT_TRUE(error.hint.contains("back-references")) << error.hint;
}

TEST(Pattern, each_mistake_is_named) {
  EXPECT_TRUE(refused("(a").message.contains("a missing closing )"));
  EXPECT_TRUE(refused("[a").message.contains("a missing closing ]"));
  EXPECT_TRUE(refused("a)").message.contains("an unexpected )"));
  EXPECT_TRUE(refused("[z-a]").message.contains("runs backwards at octet 2 (z-a)"));
  EXPECT_TRUE(refused("a{1001}").message.contains("a repetition too large at octet 2"));
  EXPECT_TRUE(refused("*a").message.contains("a repetition of nothing at octet 1 (*)"));
  EXPECT_TRUE(refused("a\\").message.contains("a backslash at the end"));
  EXPECT_TRUE(refused("\xff").message.contains("not UTF-8"));
}

TEST(Pattern, expression_and_program_are_bounded) {
  EXPECT_EQ(refused(std::string(kExpressionOctetsMax + 1, 'a')).code, ErrorCode::kTooLarge);
  EXPECT_TRUE(Pattern::compile(std::string(kExpressionOctetsMax, 'a')));
  EXPECT_EQ(refused("(((a{100}){10}){10}){10}").code, ErrorCode::kMalformed);  // RE2 counts nested repetitions together
  EXPECT_EQ(refused("(\\pL{500}\\pN{500}){1}(\\pL{900})").code, ErrorCode::kTooLarge);
}

TEST(Pattern, threads_share_one_pattern) {
  const Pattern pattern = compiled("(a|b)*c[0-9]{3}$");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&pattern] {
      for (int round = 0; round < 500; ++round) {
        EXPECT_TRUE(pattern.search("ababac123"));
        EXPECT_FALSE(pattern.search("ababac12"));
      }
    });
  }
}

TEST(PatternSet, names_every_expression_that_matches_in_ascending_order) {
  const std::string_view expressions[] = {"zebra", "^a", "[0-9]", "b"};
  const auto set = PatternSet::compile(expressions);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->size(), 4u);
  std::vector<int> ids{9, 9, 9, 9, 9};
  ASSERT_TRUE(set->match("ab 1", ids));
  EXPECT_EQ(ids, (std::vector<int>{1, 2, 3}));
  ASSERT_TRUE(set->match("", ids));
  EXPECT_TRUE(ids.empty());
}

TEST(PatternSet, options_hold_for_every_expression) {
  const std::string_view expressions[] = {"drop", "a.b"};
  const auto set = PatternSet::compile(expressions, {.letters = Case::kInsensitive, .dot = Dot::kMatchesNewline});
  ASSERT_TRUE(set);
  std::vector<int> ids;
  ASSERT_TRUE(set->match("DROP A\nB", ids));
  EXPECT_EQ(ids, (std::vector<int>{0, 1}));
}

TEST(PatternSet, empty_set_matches_nothing) {
  const auto set = PatternSet::compile({});
  ASSERT_TRUE(set);
  std::vector<int> ids{1};
  EXPECT_TRUE(set->match("anything", ids));
  EXPECT_TRUE(ids.empty());
}

TEST(PatternSet, refusal_names_the_expression) {
  const std::string_view expressions[] = {"fine", "(?!no)"};
  const auto set = PatternSet::compile(expressions);
  ASSERT_FALSE(set);
  EXPECT_TRUE(set.error().message.starts_with("expression 1: unsupported regular expression: ")) << set.error().message;
}

TEST(PatternSet, set_beyond_its_bound_does_not_compile) {
  std::vector<std::string> written;
  for (int i = 0; i < 100; ++i) written.push_back("word" + std::to_string(i) + "\\pL{3}");
  const std::vector<std::string_view> expressions(written.begin(), written.end());
  const auto set = PatternSet::compile(expressions, {.set_octets_max = 64 << 10});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(PatternSet::compile(expressions));
  const std::vector<std::string_view> many(kSetExpressionsMax + 1, "a");
  EXPECT_EQ(PatternSet::compile(many).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace agentos::regex
