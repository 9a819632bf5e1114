// A server that repeats the secret it was sent does not show it to the program.
#include "lib/egress/secret_echo.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

constexpr std::string_view kSecret = "sk+live/4711";

TEST(SecretEcho, a_head_loses_every_form_of_it) {
  SecretEcho echo;
  echo.watch_for(kSecret, "Basic eDpzaytsaXZlLzQ3MTE=");
  EXPECT_EQ(echo.cleaned("Location: /a?key=sk+live/4711&b\r\nX: sk%2Blive%2F4711\r\nY: Basic eDpzaytsaXZlLzQ3MTE=\r\n"),
            "Location: /a?key=[secret]&b\r\nX: [secret]\r\nY: [secret]\r\n");
}

TEST(SecretEcho, a_body_is_cut_before_its_first_octet_however_it_is_divided) {
  const std::string body = "before " + std::string(kSecret) + " after";
  for (std::size_t first = 0; first < body.size(); ++first) {
    SecretEcho echo;
    echo.watch_for(kSecret, kSecret);
    std::string out;
    const bool all = echo.pass(body.substr(0, first), false, out) && echo.pass(body.substr(first), true, out);
    EXPECT_FALSE(all) << first;
    EXPECT_EQ(std::string("before ").substr(0, out.size()), out) << first;
  }
}

TEST(SecretEcho, what_only_begins_like_it_comes_through_whole) {
  SecretEcho echo;
  echo.watch_for(kSecret, kSecret);
  std::string out;
  EXPECT_TRUE(echo.pass("sk+l", false, out));
  EXPECT_EQ(out, "");
  EXPECT_TRUE(echo.pass("ost sk+live", false, out));
  EXPECT_EQ(out, "sk+lost ");
  EXPECT_TRUE(echo.pass("", true, out));
  EXPECT_EQ(out, "sk+lost sk+live");
}

TEST(SecretEcho, without_a_secret_nothing_is_held) {
  SecretEcho echo;
  std::string out;
  EXPECT_TRUE(echo.pass("abc", false, out));
  EXPECT_EQ(out, "abc");
  echo.watch_for("short", "short");
  EXPECT_FALSE(echo.watches());
}

}  // namespace
}  // namespace agentos::egress
