// How a response ends is never guessed.
#include "lib/egress/response_head.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

TEST(ResponseHead, framing_follows_status_method_and_fields) {
  EXPECT_EQ(read_response_head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "GET")->framing, Framing::kLength);
  EXPECT_EQ(read_response_head("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD")->framing, Framing::kNone);
  EXPECT_EQ(read_response_head("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "GET")->framing,
            Framing::kNone);
  EXPECT_EQ(read_response_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET")->framing,
            Framing::kChunked);
  EXPECT_EQ(read_response_head("HTTP/1.1 200\r\n\r\n", "GET")->framing, Framing::kUntilClose);
  EXPECT_FALSE(read_response_head("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", "GET")->keeps_open);
  EXPECT_TRUE(read_response_head("HTTP/1.1 100 Continue\r\n\r\n", "POST")->interim);
}

TEST(ResponseHead, what_is_not_http_is_refused) {
  for (const char* head : {"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/2 200 OK\r\n\r\n",
                           "ICY 200 OK\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 999 No\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_FALSE(read_response_head(head, "GET").has_value()) << head;
  }
}

TEST(ResponseHead, fields_of_one_hop_do_not_pass) {
  const std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: 5\r\nX: y\r\nContent-Length: 0\r\n\r\n";
  const auto response = read_response_head(head, "GET");
  EXPECT_EQ(write_response_head(*response, Afterwards::kStaysOpen),
            "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(plain_answer(403, "no", Afterwards::kCloses).ends_with("Connection: close\r\n\r\nno"));
}

}  // namespace
}  // namespace agentos::egress
