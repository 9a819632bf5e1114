// SOCKS 5 without authentication, CONNECT only.
#include "lib/egress/socks.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

TEST(Socks, a_name_an_address_and_a_port_are_read) {
  EXPECT_EQ(*read_socks_greeting(std::string_view("\x05\x02\x00\x02", 4)), 4U);
  EXPECT_EQ(*read_socks_greeting(std::string_view("\x05", 1)), 0U);
  const auto name =
      read_socks_request(std::string_view("\x05\x01\x00\x03\x09"
                                          "A.example"
                                          "\x01\xbb",
                                          16));
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->host, "a.example");
  EXPECT_EQ(name->port, 443);
  EXPECT_EQ(name->size, 16U);
  const auto v4 = read_socks_request(std::string_view("\x05\x01\x00\x01\xa9\xfe\xa9\xfe\x00\x50", 10));
  EXPECT_EQ(v4->host, "169.254.169.254");
  std::string mapped("\x05\x01\x00\x04", 4);
  mapped += std::string(10, '\0') + "\xff\xff\x7f";
  mapped += std::string("\x00\x00\x01\x00\x50", 5);
  EXPECT_EQ(read_socks_request(mapped)->host, "127.0.0.1");
  for (std::size_t size = 0; size < 16; ++size) {
    const auto part =
        read_socks_request(std::string_view("\x05\x01\x00\x03\x09"
                                            "A.example"
                                            "\x01\xbb",
                                            size));
    EXPECT_TRUE(part.has_value() && part->size == 0) << size;
  }
}

TEST(Socks, everything_else_is_refused) {
  EXPECT_EQ(read_socks_greeting(std::string_view("\x04\x01", 2)).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(read_socks_greeting(std::string_view("\x05\x01\x02", 3)).error().code, ErrorCode::kUnsupported);
  for (const char command : {'\x02', '\x03'}) {  // BIND, UDP ASSOCIATE
    std::string request("\x05\x01\x00\x01\x01\x01\x01\x01\x00\x50", 10);
    request[1] = command;
    EXPECT_EQ(read_socks_request(request).error().code, ErrorCode::kUnsupported);
  }
  EXPECT_FALSE(read_socks_request(std::string_view("\x05\x01\x00\x03\x00\x00\x50", 7)).has_value());
  EXPECT_FALSE(read_socks_request(std::string_view("\x05\x01\x00\x01\x01\x01\x01\x01\x00\x00", 10)).has_value());
}

}  // namespace
}  // namespace agentos::egress
