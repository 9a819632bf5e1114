// Events are read as the HTML standard says, whatever pieces they come in.
#include "lib/mcp/event_stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace agentos::mcp {
namespace {

std::vector<Event> read_all(std::string_view text, std::size_t piece) {
  EventReader reader;
  std::vector<Event> out;
  Event event;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.feed(text.substr(at, piece));
    while (reader.next(event) == EventReader::Step::kEvent) out.push_back(event);
  }
  return out;
}

TEST(EventStream, what_is_written_is_read) {
  std::string text;
  write_priming_event(text, "3-0", 1000);
  write_event(text, "3-1", R"({"jsonrpc":"2.0","method":"x"})");
  write_comment(text);
  write_event(text, {}, "{}");
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const auto events = read_all(text, piece);
    ASSERT_EQ(events.size(), 3U) << piece;
    EXPECT_EQ(events[0].id, "3-0");
    EXPECT_EQ(events[0].retry_ms, 1000);
    EXPECT_EQ(events[0].data, "");
    EXPECT_EQ(events[1].data, R"({"jsonrpc":"2.0","method":"x"})");
    EXPECT_EQ(events[1].id, "3-1");
    EXPECT_EQ(events[2].data, "{}");
    EXPECT_EQ(events[2].id, "3-1") << "the last id stays";
  }
}

TEST(EventStream, every_end_of_line_and_field_is_understood) {
  const std::string text =
      "\xef\xbb\xbf"
      "data: a\r\ndata:b\r\ndata:  c\r\r: comment\rdata\r\nid\r\n\r\nevent: kind\nunknown: x\ndata:{}\nid: a\n\n"
      "event: nothing\n\nid: b\0c\n\n";
  for (std::size_t piece = 1; piece <= 9; ++piece) {
    const auto events = read_all(text, piece);
    ASSERT_EQ(events.size(), 3U) << piece;
    EXPECT_EQ(events[0].data, "a\nb\n c");
    EXPECT_EQ(events[1].data, "");
    EXPECT_EQ(events[2].type, "kind");
    EXPECT_EQ(events[2].data, "{}");
    EXPECT_EQ(events[2].id, "a");
  }
}

TEST(EventStream, an_event_that_is_too_long_ends_the_stream) {
  EventReader reader(100);
  Event event;
  reader.feed("data: " + std::string(60, 'x') + "\ndata: " + std::string(60, 'x') + "\n\n");
  EXPECT_EQ(reader.next(event), EventReader::Step::kTooLong);
  reader.feed("data: x\n\n");
  EXPECT_EQ(reader.next(event), EventReader::Step::kTooLong);
  EventReader unfinished(100);
  unfinished.feed(std::string(101, 'x'));
  EXPECT_EQ(unfinished.next(event), EventReader::Step::kTooLong);
}

}  // namespace
}  // namespace agentos::mcp
