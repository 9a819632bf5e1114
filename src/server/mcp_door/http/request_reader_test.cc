// Requests are read whole whatever pieces they come in, and what is unclear or too large is refused with its status.
#include "server/mcp_door/http/request_reader.h"

#include <gtest/gtest.h>

namespace agentos::mcp_http {
namespace {

using Step = RequestReader::Step;

Step drive(RequestReader& reader, std::string_view text, std::size_t piece, std::string& input) {
  Step step = Step::kNeedMore;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    input += text.substr(at, piece);
    do {
      step = reader.read(input);
    } while (step == Step::kHead);
    if (step != Step::kNeedMore) {
      input += text.substr(std::min(text.size(), at + piece));
      return step;
    }
  }
  return step;
}

TEST(RequestReader, requests_come_whole_in_any_pieces) {
  const std::string text =
      "\r\nPOST /mcp?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: "
      "close\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
  const Limits limits;
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    RequestReader reader(limits);
    std::string input;
    ASSERT_EQ(drive(reader, text, piece, input), Step::kWhole) << piece;
    const Request first = reader.take_request();
    EXPECT_EQ(first.method, "POST");
    EXPECT_EQ(first.path, "/mcp");
    EXPECT_EQ(first.query, "a=b");
    EXPECT_TRUE(first.keeps_open);
    EXPECT_EQ(first.header("HOST"), "localhost");
    EXPECT_EQ(reader.take_body(), "hello");
    const std::string rest = std::exchange(input, {});
    ASSERT_EQ(drive(reader, rest, piece, input), Step::kWhole) << piece;
    EXPECT_FALSE(reader.request().keeps_open);
    EXPECT_EQ(reader.take_body(), "hi");
    EXPECT_TRUE(input.empty());
  }
}

TEST(RequestReader, what_is_unclear_or_too_large_is_refused_with_a_status) {
  Limits limits;
  limits.head_bytes = 512;
  limits.body_bytes = 8;
  const std::pair<std::string, int> cases[] = {
      {"GET /mcp HTTP/2.0\r\n\r\n", 505},
      {"GET /mcp\r\n\r\n", 400},
      {"GET http://a/ HTTP/1.1\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nMcp-Name: a\r\nmcp-name: b\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nExpect: more\r\n\r\n", 417},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789", 413},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"POST / HTTP/1.1\r\nA: " + std::string(600, 'a'), 431},
      {"POST / HTTP/1.1\r\nA: " + std::string(600, 'a') + "\r\n\r\n", 431},
  };
  for (const auto& [text, status] : cases) {
    RequestReader reader(limits);
    std::string input = text;
    Step step = reader.read(input);
    while (step == Step::kHead) step = reader.read(input);
    EXPECT_EQ(step, Step::kRefused) << text;
    EXPECT_EQ(reader.status(), status) << text << ": " << reader.what();
    EXPECT_FALSE(reader.what().empty());
  }
}

}  // namespace
}  // namespace agentos::mcp_http
