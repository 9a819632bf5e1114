// Questions answered by placeholders, answers of name servers read, and messages that would turn in circles.
#include "lib/egress/dns_message.h"

#include <gtest/gtest.h>

#include "lib/egress/placeholders.h"

namespace agentos::egress {
namespace {

TEST(DnsMessage, a_question_of_ours_is_read_and_its_answer_too) {
  const std::string query = write_dns_query(0x1234, "api.example.com", DnsType::kA);
  const auto question = read_dns_query(query);
  ASSERT_TRUE(question.has_value()) << question.error().message;
  EXPECT_EQ(question->name, "api.example.com");
  EXPECT_EQ(question->type, 1);
  const net::IpAddress address = net::IpAddress::v4(0x5db8d70e);
  const auto answer =
      read_dns_answer(answer_dns(*question, DnsCode::kNoError, &address), 0x1234, "api.example.com", DnsType::kA);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->addresses, std::vector<net::IpAddress>{address});
}

TEST(DnsMessage, an_answer_to_another_question_is_none) {
  const auto question = read_dns_query(write_dns_query(7, "api.example.com", DnsType::kA));
  const std::string answer = answer_dns(*question, DnsCode::kNoError, nullptr);
  EXPECT_TRUE(read_dns_answer(answer, 7, "api.example.com", DnsType::kA).has_value());
  EXPECT_FALSE(read_dns_answer(answer, 8, "api.example.com", DnsType::kA).has_value());
  EXPECT_FALSE(read_dns_answer(answer, 7, "other.example.com", DnsType::kA).has_value());
  EXPECT_FALSE(read_dns_answer(answer, 7, "api.example.com", DnsType::kAaaa).has_value());
  EXPECT_FALSE(read_dns_answer(write_dns_query(7, "api.example.com", DnsType::kA), 7, "api.example.com", DnsType::kA)
                   .has_value());
}

TEST(DnsMessage, an_address_of_another_owner_is_not_taken) {
  std::string answer =
      answer_dns(*read_dns_query(write_dns_query(7, "a.example", DnsType::kA)), DnsCode::kNoError, nullptr);
  answer[7] = 1;  // one answer follows, of "b.example"
  answer += std::string(
      "\x01"
      "b\x07"
      "example\0\0\x01\0\x01\0\0\0\x1e\0\x04\x01\x02\x03\x04",
      25);
  const auto read = read_dns_answer(answer, 7, "a.example", DnsType::kA);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_TRUE(read->addresses.empty());
}

TEST(DnsMessage, names_cannot_turn_in_circles) {
  std::string query = write_dns_query(1, "a", DnsType::kA).substr(0, 12);
  query += std::string("\xc0\x0c\x00\x01\x00\x01", 6);  // a pointer to itself
  EXPECT_FALSE(read_dns_query(query).has_value());
  query.replace(12, 2, std::string("\xc0\xff", 2));
  EXPECT_FALSE(read_dns_query(query).has_value());
  EXPECT_FALSE(read_dns_query("").has_value());
}

TEST(Placeholders, a_name_keeps_its_address_until_many_others_came) {
  Placeholders names;
  const net::IpAddress first = names.address_of("a.example");
  EXPECT_EQ(names.address_of("a.example"), first);
  EXPECT_EQ(names.name_of(first), "a.example");
  EXPECT_TRUE(Placeholders::is_placeholder(first));
  EXPECT_NE(names.address_of("b.example"), first);
  EXPECT_EQ(first.address_class(), net::AddressClass::kReserved) << "it leads nowhere outside";
  for (std::size_t i = 0; i < kPlaceholdersMax; ++i) names.address_of(std::to_string(i) + ".example");
  EXPECT_FALSE(names.name_of(first).has_value()) << "the oldest gave way";
  EXPECT_FALSE(names.name_of(net::IpAddress::v4(0x01020304)).has_value());
}

}  // namespace
}  // namespace agentos::egress
