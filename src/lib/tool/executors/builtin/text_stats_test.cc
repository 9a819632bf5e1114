// Counting by hand beside counting by program.
#include "lib/tool/executors/builtin/text_stats.h"

#include <gtest/gtest.h>

namespace agentos::tool {
namespace {

using Top = std::vector<std::pair<std::string, std::int64_t>>;

TEST(TextStats, counts_lines_words_and_characters) {
  const TextStats stats = text_stats("The cat, the dog.\nDon't: the été 3\n", 3);
  EXPECT_EQ(stats.lines, 2);
  EXPECT_EQ(stats.words, 8);
  EXPECT_EQ(stats.bytes, 37);
  EXPECT_EQ(stats.characters, 35);
  EXPECT_EQ(stats.top_words, (Top{{"the", 3}, {"3", 1}, {"cat", 1}}));
}

TEST(TextStats, a_last_line_without_an_end_counts) {
  EXPECT_EQ(text_stats("a\nb", 0).lines, 2);
  EXPECT_EQ(text_stats("a\nb\n", 0).lines, 2);
  EXPECT_EQ(text_stats("\n\n", 0).lines, 2);
}

TEST(TextStats, nothing_has_nothing) {
  const TextStats stats = text_stats("", 5);
  EXPECT_EQ(stats.lines, 0);
  EXPECT_EQ(stats.words, 0);
  EXPECT_TRUE(stats.top_words.empty());
  EXPECT_EQ(text_stats(" .,;\t", 5).words, 0);
}

}  // namespace
}  // namespace agentos::tool
