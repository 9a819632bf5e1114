// A URL has one form, and texts that clients read differently are marked.
#include "lib/canonical/url.h"

#include <gtest/gtest.h>

#include <string>

namespace agentos::canonical {
namespace {

std::string url_form(std::string_view text) {
  std::string scratch;
  const auto url = read_url(text, scratch);
  return url ? std::string(url->text) : "refused";
}

std::string oddities(std::string_view text) {
  std::string scratch;
  const auto url = read_url(text, scratch);
  return url ? describe_url_oddities(url->oddities) : "refused";
}

TEST(Url, plain_urls_have_their_parts) {
  std::string scratch;
  const auto url = read_url("HTTPS://User:pw@Example.COM:8443/a/b?x=1&y#top", scratch);
  ASSERT_TRUE(url);
  EXPECT_EQ(url->text, "https://example.com:8443/a/b?x=1&y");
  EXPECT_EQ(url->scheme, "https");
  EXPECT_TRUE(url->has_userinfo);
  EXPECT_EQ(url->host.text(), "example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_EQ(url->query, "x=1&y");
  EXPECT_EQ(url->fragment, "top");
  EXPECT_FALSE(url->ambiguous());
}

TEST(Url, the_default_port_is_filled_in_and_not_written) {
  std::string scratch;
  for (const auto& [text, port] :
       {std::pair{"http://a", 80}, {"https://a", 443}, {"ws://a", 80}, {"wss://a", 443}, {"ftp://a", 21}}) {
    EXPECT_EQ(read_url(text, scratch)->port, port) << text;
    EXPECT_EQ(url_form(std::string(text) + ":" + std::to_string(port)), std::string(text) + "/");
  }
  EXPECT_EQ(url_form("http://a:443/"), "http://a:443/");
  EXPECT_EQ(url_form("http://a:/"), "http://a/");
  EXPECT_EQ(url_form("http://a:0080/"), "http://a/");
  EXPECT_EQ(oddities("http://a:0080/"), "port");
}

TEST(Url, the_host_is_where_a_browser_goes) {
  EXPECT_EQ(url_form("http://good.com@evil.com/"), "http://evil.com/");
  EXPECT_EQ(url_form("http://good.com:80@evil.com/"), "http://evil.com/");
  EXPECT_EQ(url_form("http://evil.com\\@good.com/"), "http://evil.com/@good.com/");
  EXPECT_EQ(oddities("http://evil.com\\@good.com/"), "backslash");
  EXPECT_EQ(url_form("http://a@b@evil.com/"), "http://evil.com/");
  EXPECT_EQ(oddities("http://a@b@evil.com/"), "many_at");
  EXPECT_EQ(url_form("http://evil.com#@good.com/"), "http://evil.com/");
  EXPECT_EQ(oddities("http://evil.com#@good.com/"), "at_behind_host");
  EXPECT_EQ(oddities("http://evil.com?@good.com/"), "at_behind_host");
  EXPECT_EQ(oddities("http://host/?a@b"), "");
  EXPECT_EQ(url_form("http:evil.com"), "http://evil.com/");
  EXPECT_EQ(url_form("http:/evil.com"), "http://evil.com/");
  EXPECT_EQ(url_form("http:////evil.com"), "http://evil.com/");
  EXPECT_EQ(oddities("http:////evil.com"), "slashes");
  EXPECT_EQ(url_form("http:\\\\evil.com"), "http://evil.com/");
  EXPECT_EQ(url_form("http://2130706433/"), "http://127.0.0.1/");
  EXPECT_EQ(oddities("http://2130706433/"), "host");
  EXPECT_EQ(url_form("http://[::ffff:7f00:1]:80/"), "http://127.0.0.1/");
  EXPECT_EQ(url_form("http://[2001:DB8::1]:8080/"), "http://[2001:db8::1]:8080/");
  EXPECT_EQ(url_form("http://ＧＯ。com/"), "http://go.com/");
}

TEST(Url, white_space_and_breaks_go_as_in_browsers) {
  EXPECT_EQ(url_form("  http://a/b \n"), "http://a/b");
  EXPECT_EQ(url_form("ht\ntp://a\t/b\r\nc"), "http://a/bc");
  EXPECT_EQ(oddities("ht\ntp://a/b"), "breaks_removed");
  EXPECT_EQ(url_form("http://a/b c"), "http://a/b%20c");
  EXPECT_EQ(oddities("http://a/b c"), "bare_space");
  EXPECT_EQ(url_form("http://a b/"), "refused");
}

TEST(Url, paths_are_resolved_and_escapes_have_one_spelling) {
  EXPECT_EQ(url_form("http://a"), "http://a/");
  EXPECT_EQ(url_form("http://a?x"), "http://a/?x");
  EXPECT_EQ(url_form("http://a/b/../c/./d"), "http://a/c/d");
  EXPECT_EQ(url_form("http://a/../../c"), "http://a/c");
  EXPECT_EQ(url_form("http://a/b/.."), "http://a/");
  EXPECT_EQ(url_form("http://a/b/."), "http://a/b/");
  EXPECT_EQ(url_form("http://a/b/%2e%2E/c"), "http://a/c");
  EXPECT_EQ(url_form("http://a/b/.%2e"), "http://a/");
  EXPECT_EQ(oddities("http://a/b/%2e%2E/c"), "dot_segments, encoded_dots");
  EXPECT_EQ(url_form("http://a/b\\..\\c"), "http://a/c");
  EXPECT_EQ(url_form("http://a//b"), "http://a//b");
  EXPECT_EQ(oddities("http://a//b"), "empty_segments");
  EXPECT_EQ(url_form("http://a/%61%2f%7e%e4"), "http://a/a%2F~%E4");
  EXPECT_EQ(oddities("http://a/%61%2f"), "encoded_separator");
  EXPECT_EQ(oddities("http://a/%5c"), "encoded_separator");
  EXPECT_EQ(oddities("http://a/%00"), "encoded_control");
  EXPECT_EQ(oddities("http://a/?x=%0d%0a"), "encoded_control");
  EXPECT_EQ(url_form("http://a/%252e%252e/"), "http://a/%252e%252e/");
  EXPECT_EQ(url_form("http://a/%zz%"), "http://a/%25zz%25");
  EXPECT_EQ(url_form("http://a/%%34%31"), "http://a/%2541");
  EXPECT_EQ(url_form("http://a/ü?ü#ü"), "http://a/%C3%BC?%C3%BC");
  EXPECT_EQ(url_form("http://a/..."), "http://a/...");
  EXPECT_EQ(url_form("http://a/?'<>"), "http://a/?%27%3C%3E");
}

TEST(Url, file_urls_name_a_path_and_mark_the_rest) {
  EXPECT_EQ(url_form("file:///etc/passwd"), "file:///etc/passwd");
  EXPECT_EQ(url_form("file:/etc/passwd"), "file:///etc/passwd");
  EXPECT_EQ(url_form("file:etc"), "file:///etc");
  EXPECT_EQ(url_form("file://localhost/etc/../x"), "file:///x");
  EXPECT_EQ(url_form("file://host/x"), "file://host/x");
  EXPECT_EQ(oddities("file://host/x"), "file_host");
  EXPECT_EQ(oddities("file:///C:/x"), "drive_letter");
  EXPECT_EQ(oddities("file:///etc/passwd"), "");
  EXPECT_EQ(url_form("file://user@host/x"), "refused");
}

TEST(Url, what_is_no_absolute_url_of_a_known_scheme_is_refused) {
  for (const std::string_view text : {"",
                                      "/a",
                                      "a",
                                      "//a/b",
                                      "://a",
                                      "1http://a",
                                      "javascript:alert(1)",
                                      "data:,x",
                                      "gopher://a",
                                      "httpss://a",
                                      "http://",
                                      "http:",
                                      "http:///",
                                      "http://@/",
                                      "http://a:b@/",
                                      "http://:80/",
                                      "http://a:65536/",
                                      "http://a:8x/",
                                      "http://a:80:80/",
                                      "http://[::1",
                                      "http://[::1]x/",
                                      "http://[a]/",
                                      "http://a%00b/",
                                      "http://a\x80/",
                                      "http://exa mple.com/",
                                      "http://a..b/"}) {
    EXPECT_EQ(url_form(text), "refused") << text;
  }
  std::string scratch;
  EXPECT_EQ(read_url("gopher://a", scratch).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(read_url("http://a/" + std::string(kUrlBytesMax, 'x'), scratch).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace agentos::canonical
