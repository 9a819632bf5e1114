// Cutting a stream into lines, whatever comes.
#include "lib/mcp/line_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace agentos::mcp {
namespace {

std::vector<std::string> lines_of(LineReader& reader) {
  std::vector<std::string> out;
  std::string_view line;
  for (auto step = reader.next(line); step != LineReader::Step::kNeedMore; step = reader.next(line)) {
    out.emplace_back(step == LineReader::Step::kTooLong ? "(too long)" : line);
  }
  return out;
}

TEST(LineReader, cuts_at_newlines_however_the_octets_come) {
  const std::string text = "one\r\n\ntwo\nthree";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineReader reader;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += size) {
      reader.feed(std::string_view(text).substr(at, size));
      for (std::string& line : lines_of(reader)) lines.push_back(std::move(line));
    }
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "two"})) << size;
    EXPECT_TRUE(reader.unfinished());
  }
}

TEST(LineReader, a_line_too_long_is_told_once_when_it_has_ended_and_the_next_is_read) {
  LineReader reader(10);
  reader.feed("{\"id\":7 and more");
  EXPECT_TRUE(lines_of(reader).empty());
  reader.feed(" of it and more");
  EXPECT_TRUE(lines_of(reader).empty());
  reader.feed(" end}\nshort\n");
  EXPECT_EQ(lines_of(reader), (std::vector<std::string>{"(too long)", "short"}));
  EXPECT_EQ(reader.skipped_head(), "{\"id\":7 and more");
  EXPECT_TRUE(reader.skipped_tail().ends_with(" end}"));
  EXPECT_EQ(reader.skipped_bytes(), 36U);
}

TEST(LineReader, a_line_too_long_that_came_whole_is_told_too) {
  LineReader reader(4);
  reader.feed("longer\nfits\n");
  EXPECT_EQ(lines_of(reader), (std::vector<std::string>{"(too long)", "fits"}));
}

}  // namespace
}  // namespace agentos::mcp
