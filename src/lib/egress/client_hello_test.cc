// The name in a TLS hello, in one record or many; anything unclear is refused.
#include "lib/egress/client_hello.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

std::string sized(std::string_view content, int octets) {
  std::string out;
  for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(content.size() >> shift & 0xff);
  return out += content;
}

std::string server_name(std::string_view name) {
  return std::string(2, '\0') + sized(sized(std::string(1, '\0') + sized(name, 2), 2), 2);
}

std::string message(const std::string& extensions) {
  std::string body("\x03\x03", 2);
  body += std::string(32, 'r') + sized("", 1) + sized(std::string("\x13\x01", 2), 2) + sized(std::string(1, '\0'), 1);
  body += sized(extensions, 2);
  return std::string(1, '\x01') + sized(body, 3);
}

std::string in_records(const std::string& text, std::size_t piece) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece)
    out += std::string("\x16\x03\x01", 3) + sized(text.substr(at, piece), 2);
  return out;
}

TEST(ClientHello, the_name_is_found_however_it_is_cut) {
  const std::string text = message(std::string("\xff\x01\x00\x01\x00", 5) + server_name("API.example.com"));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{16000}}) {
    const std::string octets = in_records(text, piece);
    const auto hello = read_client_hello(octets);
    ASSERT_TRUE(hello.has_value()) << hello.error().message;
    EXPECT_TRUE(hello->complete);
    EXPECT_EQ(hello->server_name, "api.example.com");
    EXPECT_EQ(hello->size, octets.size());
    EXPECT_EQ(read_client_hello(octets + "\r\nFLUSHALL\r\n")->size, octets.size());
    for (std::size_t size = 0; size < octets.size(); ++size) {
      const auto part = read_client_hello(std::string_view(octets).substr(0, size));
      EXPECT_TRUE(part.has_value() && !part->complete) << size;
    }
  }
}

TEST(ClientHello, without_a_name_there_is_none) {
  const auto hello = read_client_hello(in_records(message(""), 16000));
  ASSERT_TRUE(hello.has_value());
  EXPECT_TRUE(hello->complete);
  EXPECT_TRUE(hello->server_name.empty());
}

TEST(ClientHello, nothing_else_is_in_its_records) {
  EXPECT_FALSE(read_client_hello(in_records(message("") + "\r\nFLUSHALL\r\n", 16000)).has_value());
}

TEST(ClientHello, two_names_and_other_protocols_are_refused) {
  EXPECT_FALSE(
      read_client_hello(in_records(message(server_name("a.example") + server_name("b.example")), 16000)).has_value());
  EXPECT_FALSE(read_client_hello(in_records(message(server_name("")), 16000)).has_value());
  EXPECT_FALSE(read_client_hello(in_records(message(server_name(std::string_view("a\0b", 3))), 16000)).has_value());
  EXPECT_FALSE(read_client_hello("SSH-2.0-x\r\n").has_value());
  EXPECT_FALSE(read_client_hello(std::string_view("\x16\x03\x01\x00\x00", 5)).has_value());
  EXPECT_FALSE(read_client_hello(in_records(std::string("\x02\x00\x00\x01x", 5), 100)).has_value());
  EXPECT_EQ(read_client_hello(in_records(std::string("\x01\xff\xff\xff", 4) + "x", 100)).error().code,
            ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace agentos::egress
