// Tables and text for terminals: aligned, cut, and harmless.
#include "apps/agentos/table.h"

#include <gtest/gtest.h>

namespace agentos::cli {
namespace {

const Screen kPipe{};
const Screen kNarrow{.is_terminal = true, .colour = false, .columns_max = 24};
const Screen kColour{.is_terminal = true, .colour = true, .columns_max = 80};

TEST(Screen, control_and_direction_characters_are_shown_and_never_sent) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\x0dd");
  EXPECT_EQ(printable("a\u202eb"), "a\\u202eb");
  EXPECT_EQ(printable("\u009b1m"), "\\x9b1m");
  EXPECT_EQ(printable("\xff ok"), "\uFFFD ok");
  EXPECT_EQ(printable("héllo 漢字"), "héllo 漢字");
}

TEST(Screen, lines_and_json_stay_what_they_are_without_what_drives_a_terminal) {
  EXPECT_EQ(printable_lines("a\x1b]0;x\x07\tb\n\rc\n"), "a\\x1b]0;x\\x07\tb\n\\x0dc\n");
  EXPECT_EQ(printable_json("{\"\u009b31m\": \"\u202e\x7f\U000e0041\u00e9\"}"),
            "{\"\\u009b31m\": \"\\u202e\\u007f\\udb40\\udc41\u00e9\"}");
}

TEST(Screen, width_counts_columns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("漢字"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to_width("漢字漢字", 5), "漢字…");
  EXPECT_EQ(cut_to_width("abc", 3), "abc");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(Table, aligns_columns_by_what_is_seen) {
  Table table({{"NAME"}, {"COUNT", Align::kRight}});
  table.add({"漢字", "1"});
  table.add({"a", "1000"});
  EXPECT_EQ(table.render(kPipe), "NAME  COUNT\n漢字      1\na      1000\n");
}

TEST(Table, the_flexible_column_gives_way_to_the_width) {
  Table table({{"A"}, {"B", Align::kLeft, Fit::kFlexible}, {"C"}});
  table.add({"first", "a long text that cannot be shown whole", "end"});
  const std::string text = table.render(kNarrow);
  EXPECT_EQ(text, "A      B             C\nfirst  a long text…  end\n");
  EXPECT_NE(table.render(kPipe).find("shown whole"), std::string::npos);
}

TEST(Table, hostile_cells_cannot_break_a_line) {
  Table table({{"A"}});
  table.add({"one\ntwo\x1b[2J"});
  EXPECT_EQ(table.render(kPipe), "A\none\\ntwo\\x1b[2J\n");
}

TEST(Table, colour_is_only_for_screens_that_have_it) {
  Table table({{"A"}});
  table.add({{"bad", Style::kBad}});
  EXPECT_EQ(table.render(kPipe), "A\nbad\n");
  EXPECT_EQ(table.render(kNarrow), "A\nbad\n");
  EXPECT_NE(table.render(kColour).find("\x1b[31mbad\x1b[0m"), std::string::npos);
}

}  // namespace
}  // namespace agentos::cli
