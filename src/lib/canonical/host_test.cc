// Every spelling of a host has one form, and what is no host is refused.
#include "lib/canonical/host.h"

#include <gtest/gtest.h>

#include <string>

namespace agentos::canonical {
namespace {

std::string host_form(std::string_view text) {
  const auto host = read_host(text);
  if (!host) return "refused";
  const char* kinds[] = {"name ", "v4 ", "v6 "};
  return kinds[static_cast<int>(host->kind)] + std::string(host->text());
}

TEST(Host, every_notation_of_an_ipv4_address_has_one_form) {
  for (const char* text : {"127.0.0.1",
                           "2130706433",
                           "0177.0.0.1",
                           "0x7f.1",
                           "127.1",
                           "127.0.1",
                           "0x7f000001",
                           "017700000001",
                           "0X7F.0.0.1",
                           "127.0.0.1.",
                           "0x7f.0.0x0.1",
                           "00000177.0.0.1",
                           "[::ffff:127.0.0.1]",
                           "::ffff:7f00:1",
                           "[::FFFF:7F00:0001]",
                           "0:0:0:0:0:ffff:127.0.0.1",
                           "%31%32%37.1",
                           "127%2e0%2E0.1",
                           "１２７．０．０．１",
                           "127。0。0。1",
                           "１２７｡1",
                           "①②⑦.0.0.1",
                           "%EF%BC%91%EF%BC%92%EF%BC%97.1"}) {
    EXPECT_EQ(host_form(text), "v4 127.0.0.1") << text;
  }
  EXPECT_EQ(host_form("0"), "v4 0.0.0.0");
  EXPECT_EQ(host_form("1.2.65535"), "v4 1.2.255.255");
  EXPECT_EQ(host_form("4294967295"), "v4 255.255.255.255");
}

TEST(Host, what_only_looks_like_an_address_is_refused_and_not_taken_for_a_name) {
  for (const char* text :
       {"256.0.0.1", "1.2.3.256", "1.2.65536", "4294967296", "1.2.3.4.5", "08.0.0.1", "1.2.3.09", "a.1", "example.0x7f",
        "1..2", "99999999999999999999999", "0x100000000", "127.0.0.1..", "0x7g.0.0.1"}) {
    EXPECT_EQ(host_form(text), "refused") << text;
  }
  EXPECT_EQ(host_form("1.2.3.4a"), "name 1.2.3.4a");
  EXPECT_EQ(host_form("0x7f.example"), "name 0x7f.example");
}

TEST(Host, ipv6_is_written_as_rfc_5952_says) {
  EXPECT_EQ(host_form("[2001:DB8:0:0:0:0:0:1]"), "v6 2001:db8::1");
  EXPECT_EQ(host_form("2001:db8::1"), "v6 2001:db8::1");
  EXPECT_EQ(host_form("[::127.0.0.1]"), "v6 ::7f00:1");
  EXPECT_EQ(host_form("[64:ff9b::127.0.0.1]"), "v6 64:ff9b::7f00:1");
  EXPECT_EQ(read_host("64:ff9b::127.0.0.1")->address.address_class(), net::AddressClass::kLoopback);
  EXPECT_EQ(host_form("[fe80::1%eth0]"), "v6 fe80::1");
  EXPECT_EQ(host_form("fe80::1%25eth0"), "v6 fe80::1");
  EXPECT_TRUE(read_host("fe80::1%eth0")->oddities & kZone);
  for (const char* text : {"[::1", "::1]", "[::1].", "[::1]:80", "[127.0.0.1]", "[example.com]", "[]", "[::1%]",
                           "[::1% x]", "::g", "1:2", "[::%31]", "%5B::1%5D", "[::1]%65"}) {
    EXPECT_EQ(host_form(text), "refused") << text;
  }
}

TEST(Host, names_are_lower_case_a_labels_without_trailing_dot) {
  EXPECT_EQ(host_form("EXAMPLE.com"), "name example.com");
  EXPECT_EQ(host_form("example.com."), "name example.com");
  EXPECT_EQ(host_form("ex%61mple.com"), "name example.com");
  EXPECT_EQ(host_form("my_host"), "name my_host");
  EXPECT_EQ(host_form("münchen.de"), "name xn--mnchen-3ya.de");
  EXPECT_EQ(host_form("MÜNCHEN.DE"), "name xn--mnchen-3ya.de");
  EXPECT_EQ(host_form("XN--MNCHEN-3YA.de"), "name xn--mnchen-3ya.de");
  EXPECT_EQ(host_form("Ｇｏ.com"), "name go.com");
  EXPECT_EQ(host_form("exa\xc2\xadmple.com"), "name example.com");    // soft hyphen
  EXPECT_EQ(host_form("goo\xe2\x80\x8bgle.com"), "name google.com");  // zero width space
  EXPECT_EQ(host_form("example。com"), "name example.com");
  EXPECT_EQ(host_form("faß.de"), "name xn--fa-hia.de");
  EXPECT_TRUE(read_host("faß.de")->oddities & kIdnaDiffers);
  EXPECT_FALSE(read_host("münchen.de")->ambiguous());
}

TEST(Host, what_is_no_host_is_refused) {
  for (const std::string_view text : {"",
                                      ".",
                                      "..",
                                      "a..b",
                                      ".a",
                                      "a b",
                                      "a\tb",
                                      "a\nb",
                                      "user@host",
                                      "a%40b",
                                      "host:80",
                                      "http://host",
                                      "a/b",
                                      "a\\b",
                                      "a?b",
                                      "a#b",
                                      "a%",
                                      "a%2",
                                      "a%zz",
                                      "a%2525",
                                      "a%00b",
                                      "*.example.com",
                                      "a<b",
                                      "xn--pokxncvks",
                                      "xn--a",
                                      "a\x80z",
                                      "a\x7f",
                                      "\xe2\x80\xae"
                                      "a.com",
                                      "\xef\xbf\xbd.com",
                                      "a!b",
                                      "a,b",
                                      "a;b"}) {
    EXPECT_EQ(host_form(text), "refused") << text;
  }
  using namespace std::string_view_literals;
  EXPECT_EQ(host_form("a\0.com"sv), "refused");
  EXPECT_EQ(host_form(std::string(64, 'a') + ".com"), "refused");
  EXPECT_EQ(host_form(std::string(63, 'a') + ".com"), "name " + std::string(63, 'a') + ".com");
  std::string long_name;
  for (int i = 0; i < 64; ++i) long_name += "abc.";
  EXPECT_EQ(host_form(long_name), "refused");
  EXPECT_EQ(host_form(std::string(kHostBytesMax + 1, 'a')), "refused");
  EXPECT_EQ(read_host(std::string(kHostBytesMax + 1, 'a')).error().code, ErrorCode::kTooLarge);
}

TEST(Host, spellings_that_clients_read_differently_are_marked) {
  for (const char* text :
       {"0177.0.0.1", "010.0.0.1", "0x7f.1", "127.1", "2130706433", "ex%61mple.com", "fe80::1%1", "faß.de"}) {
    EXPECT_TRUE(read_host(text)->ambiguous()) << text;
  }
  for (const char* text : {"127.0.0.1", "::1", "example.com", "example.com.", "münchen.de", "[::1]"}) {
    EXPECT_FALSE(read_host(text)->ambiguous()) << text;
  }
}

TEST(Host, the_canonical_text_is_its_own_form) {
  for (const char* text : {"2130706433", "MÜNCHEN.de", "[::1]", "example.com.", "::ffff:1.2.3.4", "64:ff9b::1.2.3.4"}) {
    const auto host = read_host(text);
    ASSERT_TRUE(host) << text;
    const auto again = read_host(host->text());
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(again->text(), host->text());
    EXPECT_EQ(again->oddities, 0) << text;
  }
}

bool matches(std::string_view pattern, std::string_view text) {
  const auto compiled = HostPattern::parse(pattern);
  EXPECT_TRUE(compiled) << pattern;
  return compiled && compiled->matches(*read_host(text));
}

TEST(HostPattern, patterns_match_meaning) {
  EXPECT_TRUE(matches("Example.com", "EXAMPLE.COM."));
  EXPECT_FALSE(matches("example.com", "a.example.com"));
  EXPECT_TRUE(matches("*.example.com", "a.b.EXAMPLE.com"));
  EXPECT_FALSE(matches("*.example.com", "example.com"));
  EXPECT_FALSE(matches("*.example.com", "badexample.com"));
  EXPECT_FALSE(matches("*.example.com", "example.com.evil.net"));
  EXPECT_TRUE(matches("127.0.0.1", "0x7f.1"));
  EXPECT_TRUE(matches("*.münchen.de", "www.xn--mnchen-3ya.de"));
  EXPECT_TRUE(matches("10.0.0.0/8", "0xa.1"));
  EXPECT_FALSE(matches("10.0.0.0/8", "11.0.0.1"));
  EXPECT_FALSE(matches("10.0.0.0/8", "example.com"));
  EXPECT_TRUE(matches("fe80::/10", "[fe80::1%eth0]"));
  for (const char* bad :
       {"", "*", "*.", "*.127.0.0.1", "a.*.com", "*.*.com", "10.0.0.0/33", "exa mple.com", "**.com"}) {
    EXPECT_FALSE(HostPattern::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace agentos::canonical
