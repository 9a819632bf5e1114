// Bodies end where their framing says, however they are cut into pieces.
#include "lib/egress/body_meter.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

constexpr std::string_view kChunked = "5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n";

TEST(BodyMeter, chunks_end_where_they_say_in_any_pieces) {
  for (std::size_t piece = 1; piece <= kChunked.size(); ++piece) {
    BodyMeter meter(Framing::kChunked, 0);
    std::string_view left = kChunked;
    std::size_t taken = 0;
    while (!left.empty()) {
      const auto size = meter.take(left.substr(0, piece));
      ASSERT_TRUE(size.has_value()) << size.error().message;
      taken += *size;
      left.remove_prefix(std::min(piece, left.size()));
    }
    EXPECT_TRUE(meter.done()) << piece;
    EXPECT_EQ(taken, kChunked.size()) << piece;
  }
}

TEST(BodyMeter, what_follows_a_body_is_not_taken) {
  BodyMeter chunked(Framing::kChunked, 0);
  EXPECT_EQ(*chunked.take(std::string(kChunked) + "GET /smuggled"), kChunked.size());
  BodyMeter length(Framing::kLength, 3);
  EXPECT_EQ(*length.take("abcGET"), 3U);
  EXPECT_TRUE(length.done());
  EXPECT_TRUE(BodyMeter(Framing::kLength, 0).done());
  EXPECT_TRUE(BodyMeter().done());
}

TEST(BodyMeter, content_comes_without_its_framing) {
  for (const std::size_t piece : {1, 2, 5, 100}) {
    BodyMeter meter(Framing::kChunked, 0);
    const std::string_view body = "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\n";
    std::string content;
    for (std::size_t at = 0; at < body.size(); at += piece) {
      ASSERT_TRUE(meter.take_into(body.substr(at, piece), &content).has_value());
    }
    EXPECT_TRUE(meter.done());
    EXPECT_EQ(content, "hello world") << piece;
  }
  BodyMeter length(Framing::kLength, 3);
  std::string content;
  EXPECT_EQ(*length.take_into("abcGET", &content), 3U);
  EXPECT_EQ(content, "abc");
}

TEST(BodyMeter, broken_chunks_are_refused) {
  for (const char* body : {"x\r\n", "\r\n", "5\nhello", "5\r\nhelloX", "5\r\nhello\n", " 5\r\n", "5 \r\n", "0x5\r\n",
                           "-1\r\n", "1234567890123\r\n", "0\r\nT: v\n\r\n", "5;a\nb\r\n"}) {
    BodyMeter meter(Framing::kChunked, 0);
    EXPECT_FALSE(meter.take(body).has_value()) << body;
  }
  BodyMeter meter(Framing::kChunked, 0);
  EXPECT_FALSE(meter.take("5;" + std::string(kChunkLineBytesMax + 1, 'a')).has_value());
}

}  // namespace
}  // namespace agentos::egress
