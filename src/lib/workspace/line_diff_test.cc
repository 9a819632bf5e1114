// Against what GNU diff -u says of the same texts.
#include "lib/workspace/line_diff.h"

#include <gtest/gtest.h>

namespace agentos::workspace {
namespace {

TEST(LineDiff, equal_texts_have_none_and_one_line_in_many_has_its_context) {
  EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(unified_diff("", ""), "");
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(LineDiff, a_new_and_a_removed_text_are_whole) {
  EXPECT_EQ(unified_diff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(unified_diff("a\n", ""), "@@ -1,1 +0,0 @@\n-a\n");
}

TEST(LineDiff, differences_far_apart_are_two_blocks_and_near_ones_are_one) {
  std::string before, after;
  for (int i = 1; i <= 30; ++i) {
    before += std::to_string(i) + "\n";
    if (i != 3) after += std::to_string(i) + "\n";
    if (i == 20) after += "new\n";
  }
  EXPECT_EQ(unified_diff(before, after),
            "@@ -1,6 +1,5 @@\n 1\n 2\n-3\n 4\n 5\n 6\n@@ -18,6 +17,7 @@\n 18\n 19\n 20\n+new\n 21\n 22\n 23\n");
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n", "x\n2\n3\ny\n"), "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n-4\n+y\n");
}

TEST(LineDiff, a_missing_last_newline_is_said) {
  EXPECT_EQ(unified_diff("a\n", "a"), "@@ -1,1 +1,1 @@\n-a\n+a\n\\ no newline at the end\n");
}

TEST(LineDiff, what_is_too_large_for_the_table_is_one_block) {
  std::string before, after;
  for (int i = 0; i < 3000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  EXPECT_TRUE(unified_diff(before, after).starts_with("@@ -1,3000 +1,3000 @@\n-a0\n"));
}

TEST(LineDiff, only_text_is_compared) {
  EXPECT_TRUE(comparable("\x1b[2J\n"));
  EXPECT_FALSE(comparable(std::string_view("a\0b", 3)));
  EXPECT_FALSE(comparable("\xff"));
  EXPECT_FALSE(comparable(std::string(kDiffBytesMax + 1, 'a')));
}

}  // namespace
}  // namespace agentos::workspace
