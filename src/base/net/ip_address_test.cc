// One spelling in, the canonical one out; what CEL's network extension promises; classes of special addresses.
#include "base/net/ip_address.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>

#include <string>
#include <unordered_set>

namespace agentos::net {
namespace {

std::string text_of(std::string_view text) {
  const auto address = parse_ip(text);
  return address ? std::string(address->text().view()) : "error: " + address.error().message;
}

IpAddress ip(std::string_view text) {
  const auto address = parse_ip(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress{});
}

IpPrefix prefix(std::string_view text) {
  const auto found = parse_prefix(text);
  EXPECT_TRUE(found) << text;
  return found.value_or(IpPrefix{});
}

TEST(IpAddress, text_is_that_of_rfc_5952) {
  EXPECT_EQ(text_of("192.168.0.1"), "192.168.0.1");
  EXPECT_EQ(text_of("2001:DB8::68"), "2001:db8::68");
  EXPECT_EQ(text_of("2001:0db8:0000:0000:0000:0000:0000:0001"), "2001:db8::1");
  EXPECT_EQ(text_of("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");  // one zero group is written out
  EXPECT_EQ(text_of("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");           // the longest run
  EXPECT_EQ(text_of("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");     // the first of equal runs
  EXPECT_EQ(text_of("::"), "::");
  EXPECT_EQ(text_of("1::"), "1::");
  EXPECT_EQ(text_of("0:0:0:0:0:0:0:1"), "::1");
  EXPECT_EQ(text_of("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(text_of("64:ff9b::1.2.3.4"), "64:ff9b::102:304");
  EXPECT_EQ(IpAddress::v6(0, 0xffff'7f00'0001).text().view(), "::ffff:127.0.0.1");
}

TEST(IpAddress, what_is_not_strict_is_refused) {
  for (const char* text : {"",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "192.168.0.1.0",
                           "01.2.3.4",
                           "1.2.3.04",
                           "256.1.1.1",
                           "1.2.3.",
                           ".1.2.3",
                           "1..2.3",
                           "0x7f.0.0.1",
                           " 1.2.3.4",
                           "1.2.3.4 ",
                           "1.2.3.4\n",
                           "1.2.3.4/8",
                           "+1.2.3.4",
                           "1.2.3.1000",
                           ":",
                           ":::",
                           "2001:db8:::68",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "g::",
                           "1:",
                           ":1",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "[::1]",
                           "1.2.3.4::",
                           "::1.2.3",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "%eth0",
                           "1.2.3.4%eth0"}) {
    const auto address = parse_ip(text);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().message.find("parse error during conversion from string"), std::string::npos) << text;
  }
  EXPECT_FALSE(parse_ip(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, zones_and_dotted_mapped_addresses_have_their_own_sentence) {
  EXPECT_NE(text_of("fe80::1%en0").find("IP Address with zone value is not allowed"), std::string::npos);
  EXPECT_NE(text_of("::ffff:192.168.0.1").find("IPv4-mapped IPv6 address is not allowed"), std::string::npos);
  EXPECT_NE(parse_prefix("fe80::1%en0/24").error().message.find("CIDR with zone value is not allowed"),
            std::string::npos);
  for (const char* text : {"::ffff:192.168.0.1/24", "::ffff:c0a8:1/120"}) {
    EXPECT_NE(parse_prefix(text).error().message.find("IPv4-mapped IPv6 address is not allowed"), std::string::npos);
  }
  EXPECT_EQ(ip("::ffff:c0a8:1"), ip("192.168.0.1"));
}

TEST(IpAddress, only_its_own_spelling_is_canonical) {
  EXPECT_TRUE(is_canonical_ip("127.0.0.1"));
  EXPECT_TRUE(is_canonical_ip("2001:db8::68"));
  EXPECT_FALSE(is_canonical_ip("2001:DB8::68"));
  EXPECT_FALSE(is_canonical_ip("2001:db8:0:0:0:0:0:68"));
  EXPECT_FALSE(is_canonical_ip("::ffff:c0a8:1"));
  EXPECT_FALSE(is_canonical_ip("127.1"));
}

TEST(IpAddress, cel_questions_are_answered_as_go_answers_them) {
  EXPECT_TRUE(ip("0.0.0.0").is_unspecified());
  EXPECT_TRUE(ip("::").is_unspecified());
  EXPECT_FALSE(ip("127.0.0.1").is_unspecified());
  EXPECT_TRUE(ip("127.9.9.9").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  EXPECT_FALSE(ip("::2").is_loopback());
  EXPECT_TRUE(ip("192.168.0.1").is_global_unicast());
  EXPECT_FALSE(ip("255.255.255.255").is_global_unicast());
  EXPECT_FALSE(ip("ff00::1").is_global_unicast());
  EXPECT_FALSE(ip("169.254.1.1").is_global_unicast());
  EXPECT_TRUE(ip("224.0.0.1").is_link_local_multicast());
  EXPECT_FALSE(ip("224.0.1.1").is_link_local_multicast());
  EXPECT_TRUE(ip("ff02::1").is_link_local_multicast());
  EXPECT_TRUE(ip("ff12::1").is_link_local_multicast());
  EXPECT_FALSE(ip("fd00::1").is_link_local_multicast());
  EXPECT_TRUE(ip("169.254.169.254").is_link_local_unicast());
  EXPECT_TRUE(ip("febf::1").is_link_local_unicast());
  EXPECT_FALSE(ip("fec0::1").is_link_local_unicast());
  EXPECT_FALSE(ip("fd80::1").is_link_local_unicast());
}

TEST(IpAddress, octets_round_trip_and_agree_with_inet_pton) {
  for (const char* text : {"192.168.3.4", "2001:db8:1:2:3:4:5:6", "::1", "fe80::", "1::8"}) {
    std::array<std::uint8_t, 16> expected{};
    const IpAddress address = ip(text);
    ASSERT_EQ(inet_pton(address.is_v4() ? AF_INET : AF_INET6, text, expected.data()), 1);
    EXPECT_EQ(address.octets(), expected) << text;
    const IpAddress again = address.is_v4() ? IpAddress::from_octets(std::span(expected).first<4>())
                                            : IpAddress::from_octets(std::span<const std::uint8_t, 16>(expected));
    EXPECT_EQ(again, address);
  }
}

TEST(IpAddress, order_and_hash_tell_families_apart) {
  EXPECT_LT(ip("255.255.255.255"), ip("::"));
  EXPECT_LT(ip("1.2.3.4"), ip("1.2.3.5"));
  EXPECT_LT(ip("::ffff"), ip("1::"));
  const std::unordered_set<IpAddress> set{ip("0.0.0.1"), ip("::1"), ip("0:0::1")};
  EXPECT_EQ(set.size(), 2U);
}

TEST(IpAddress, classes_follow_the_registries) {
  const std::pair<const char*, AddressClass> cases[] = {
      {"0.1.2.3", AddressClass::kUnspecified},
      {"127.255.0.1", AddressClass::kLoopback},
      {"169.254.169.254", AddressClass::kMetadata},
      {"169.254.169.252", AddressClass::kLinkLocal},
      {"fd00:ec2::254", AddressClass::kMetadata},
      {"fd00:ec2::255", AddressClass::kPrivate},
      {"fd20:ce::254", AddressClass::kMetadata},
      {"168.63.129.16", AddressClass::kMetadata},
      {"10.0.0.1", AddressClass::kPrivate},
      {"172.31.255.255", AddressClass::kPrivate},
      {"172.32.0.0", AddressClass::kGlobal},
      {"192.168.1.1", AddressClass::kPrivate},
      {"100.64.0.1", AddressClass::kCarrierGradeNat},
      {"100.100.100.200", AddressClass::kMetadata},
      {"100.128.0.1", AddressClass::kGlobal},
      {"203.0.113.7", AddressClass::kDocumentation},
      {"2001:db8::1", AddressClass::kDocumentation},
      {"239.1.1.1", AddressClass::kMulticast},
      {"ff02::1", AddressClass::kMulticast},
      {"255.255.255.255", AddressClass::kReserved},
      {"198.19.0.1", AddressClass::kReserved},
      {"8.8.8.8", AddressClass::kGlobal},
      {"2606:4700::1111", AddressClass::kGlobal},
      {"4000::1", AddressClass::kReserved},
      {"::", AddressClass::kUnspecified},
      {"::1", AddressClass::kLoopback},
      {"fe80::1", AddressClass::kLinkLocal},
      {"fc00::1", AddressClass::kPrivate},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(name_of(ip(text).address_class()), name_of(expected)) << text;
  }
}

TEST(IpAddress, an_embedded_private_address_decides_the_class) {
  EXPECT_EQ(ip("64:ff9b::127.0.0.1").address_class(), AddressClass::kLoopback);
  EXPECT_EQ(ip("64:ff9b::8.8.8.8").address_class(), AddressClass::kGlobal);
  EXPECT_EQ(ip("2002:a9fe:a9fe::1").address_class(), AddressClass::kMetadata);
  EXPECT_EQ(ip("::7f00:1").address_class(), AddressClass::kLoopback);
  EXPECT_EQ(ip("::ffff:0:a00:1").address_class(), AddressClass::kPrivate);
  EXPECT_EQ(IpAddress::v6(0, 0xffff'0a00'0001).address_class(), AddressClass::kPrivate);
  EXPECT_EQ(ip("2001:0:1:2:3:4:80ff:fffe").embedded_v4(), ip("127.0.0.1"));
  EXPECT_EQ(ip("2606::5efe:10.0.0.1").address_class(), AddressClass::kPrivate);
}

TEST(IpPrefix, prefixes_are_read_strictly) {
  EXPECT_EQ(prefix("192.168.0.1/24").text().view(), "192.168.0.1/24");
  EXPECT_EQ(prefix("2001:DB8::/32").text().view(), "2001:db8::/32");
  EXPECT_EQ(prefix("0.0.0.0/0").length(), 0);
  EXPECT_EQ(prefix("::/128").length(), 128);
  for (const char* text : {"192.168.0.0/", "192.168.0.0", "192.168.0.0/33", "::/129", "1.2.3.4/024", "1.2.3.4/+8",
                           "1.2.3.4/8 ", "1.2.3.4/255.0.0.0", "/8", "1.2.3/8", "1.2.3.4/8/8", "::1/0x10"}) {
    const auto found = parse_prefix(text);
    ASSERT_FALSE(found) << text;
    EXPECT_NE(found.error().message.find("network address"), std::string::npos) << text;
    EXPECT_NE(found.error().message.find("parse error during conversion from string"), std::string::npos) << text;
  }
}

TEST(IpPrefix, containment_is_by_leading_bits_within_a_family) {
  EXPECT_TRUE(prefix("192.168.0.0/24").contains(ip("192.168.0.255")));
  EXPECT_FALSE(prefix("192.168.0.0/24").contains(ip("192.168.1.0")));
  EXPECT_TRUE(prefix("192.168.0.77/24").contains(ip("192.168.0.1")));
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(ip("255.255.255.255")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(ip("::1")));
  EXPECT_FALSE(prefix("::/0").contains(ip("1.2.3.4")));
  EXPECT_TRUE(prefix("2001:db8::/65").contains(ip("2001:db8::7fff:0:0:1")));
  EXPECT_FALSE(prefix("2001:db8::/65").contains(ip("2001:db8::8000:0:0:1")));
  EXPECT_TRUE(prefix("10.0.0.0/8").contains(prefix("10.0.0.0/8")));
  EXPECT_TRUE(prefix("192.168.0.0/24").contains(prefix("192.168.0.1/32")));
  EXPECT_FALSE(prefix("192.168.0.0/24").contains(prefix("192.168.0.0/23")));
}

TEST(IpPrefix, masking_clears_the_host_bits_and_equality_keeps_them) {
  EXPECT_EQ(prefix("192.168.0.1/24").masked(), prefix("192.168.0.0/24"));
  EXPECT_NE(prefix("192.168.0.1/24"), prefix("192.168.0.0/24"));
  EXPECT_EQ(prefix("255.255.255.255/0").masked().text().view(), "0.0.0.0/0");
  EXPECT_EQ(prefix("2001:db8:ffff:ffff:ffff::/70").masked().text().view(), "2001:db8:ffff:ffff:fc00::/70");
  EXPECT_NE(prefix("2001:db8::/32"), prefix("10.0.0.1/32"));
}

}  // namespace
}  // namespace agentos::net
