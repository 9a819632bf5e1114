// No address that is not public, in no form, unless it is listed.
#include "lib/egress/reach.h"

#include <gtest/gtest.h>

namespace agentos::egress {
namespace {

bool reaches(const Reach& reach, std::string_view address) { return reach.check(*net::parse_ip(address)).has_value(); }

TEST(Reach, only_the_public_internet_by_default) {
  const Reach reach;
  EXPECT_TRUE(reaches(reach, "93.184.215.14"));
  EXPECT_TRUE(reaches(reach, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"));
  for (const char* address : {"127.0.0.1",
                              "127.255.0.1",
                              "0.0.0.0",
                              "10.0.0.1",
                              "172.16.0.1",
                              "192.168.1.1",
                              "169.254.169.254",
                              "169.254.1.1",
                              "100.64.0.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "198.18.0.1",
                              "::1",
                              "::",
                              "fe80::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "2002:7f00:1::",
                              "2002:a9fe:a9fe::1",
                              "::7f00:1",
                              "fec0::1",
                              "2001:0:4136:e378:8000:63bf:80ff:fffe"}) {
    EXPECT_FALSE(reaches(reach, address)) << address;
  }
  EXPECT_FALSE(reach.check(net::IpAddress::v6(0, 0xffff7f000001)).has_value()) << "mapped";
}

TEST(Reach, what_is_listed_is_reached_but_metadata_only_by_its_own_address) {
  const auto reach = Reach::parse({"10.1.0.0/16", "169.254.0.0/16", "127.0.0.1"});
  ASSERT_TRUE(reach.has_value());
  EXPECT_TRUE(reaches(*reach, "10.1.2.3"));
  EXPECT_FALSE(reaches(*reach, "10.2.2.3"));
  EXPECT_TRUE(reaches(*reach, "127.0.0.1"));
  EXPECT_FALSE(reaches(*reach, "127.0.0.2"));
  EXPECT_TRUE(reaches(*reach, "169.254.1.1"));
  EXPECT_FALSE(reaches(*reach, "169.254.169.254"));
  EXPECT_TRUE(reaches(*Reach::parse({"169.254.169.254"}), "169.254.169.254"));
  EXPECT_FALSE(Reach::parse({"10.0.0.0/33"}).has_value());
  EXPECT_NE(Reach().check(*net::parse_ip("10.0.0.1")).error().hint.find("internal: [\"10.0.0.1\"]"), std::string::npos);
}

}  // namespace
}  // namespace agentos::egress
