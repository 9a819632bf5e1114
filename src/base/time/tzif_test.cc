// What a time zone file may say, and that a damaged one is refused.
#include "base/time/tzif.h"

#include <gtest/gtest.h>

#include "base/time/tzif_fixture.h"
#include "base/time/zone.h"

namespace agentos {
namespace {

ErrorCode refusal_of(const fixture::Tzif& file) {
  const auto contents = parse_tzif(file.octets());
  return contents ? ErrorCode{} : contents.error().code;
}

TEST(Tzif, reads_offsets_changes_and_rule) {
  const fixture::Tzif file{.offsets = {3600, 7200}, .changes = {{-5, 1}, {9, 0}}, .footer = "<+01>-1"};
  const auto contents = parse_tzif(file.octets());
  ASSERT_TRUE(contents) << contents.error().message;
  EXPECT_EQ(contents->first_offset_s, 3600);
  ASSERT_EQ(contents->changes.size(), 2U);
  EXPECT_EQ(contents->changes[0].at_s, -5);
  EXPECT_EQ(contents->changes[0].offset_s, 7200);
  ASSERT_TRUE(contents->rule);
  EXPECT_EQ(contents->rule->standard_s, 3600);
  EXPECT_FALSE(contents->rule->has_daylight);
}

TEST(Tzif, every_truncation_is_refused) {
  const std::string whole = fixture::Tzif{.offsets = {0, 60}, .changes = {{1, 1}}, .footer = "UTC0"}.octets();
  ASSERT_TRUE(parse_tzif(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) ASSERT_FALSE(parse_tzif(whole.substr(0, size))) << size;
}

TEST(Tzif, damage_is_refused) {
  EXPECT_EQ(refusal_of({.version = '\0'}), ErrorCode::kUnsupported);
  EXPECT_EQ(refusal_of({.leap_seconds = 1}), ErrorCode::kUnsupported);
  EXPECT_EQ(refusal_of({.offsets = {}}), ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of({.offsets = {26 * 3600}}), ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of({.changes = {{1, 1}}}), ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of({.changes = {{2, 0}, {2, 0}}}), ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of({.changes = {{INT64_MAX, 0}}}), ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of({.footer = "no rule"}), ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of({.footer = std::string(200, 'A')}), ErrorCode::kMalformed);
  EXPECT_EQ(refusal_of({.offsets = std::vector<std::int32_t>(257)}), ErrorCode::kMalformed);
  fixture::Tzif many;
  for (std::size_t i = 0; i <= kZoneTransitionsMax; ++i) many.changes.emplace_back(i, 0);
  EXPECT_EQ(refusal_of(many), ErrorCode::kMalformed);
  EXPECT_FALSE(parse_tzif(fixture::Tzif{}.octets() + std::string(kZoneFileBytesMax, ' ')));
}

TEST(PosixRule, accepts_what_posix_writes) {
  for (const char* text : {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
                           "IST-2IDT,M3.4.4/26,M10.5.0", "EST5EDT4,J60/2:30:15,300", "XXX3EDT4,0/0,J365/23"}) {
    EXPECT_TRUE(parse_posix_rule(text)) << text;
  }
}

TEST(PosixRule, refuses_everything_else) {
  for (const char* text : {"",
                           "CE-1",
                           "CET",
                           "CET-1CEST",
                           "CET-1CEST,M3.5.0",
                           "CET-1CEST,M3.5.0,M10.5.0/3x",
                           "CET-1CEST,M13.5.0,M10.5.0",
                           "CET-1CEST,M3.6.0,M10.5.0",
                           "CET-1CEST,M3.5.7,M10.5.0",
                           "CET-1CEST,J0,J1",
                           "CET-1CEST,J366,J1",
                           "CET-1CEST,366,1",
                           "CET-25",
                           "CET-1:60",
                           "CET-1CEST,M3.5.0/168,M10.5.0",
                           "<CET-1",
                           "<C>-1",
                           "CET-1CEST,,",
                           "C3T-1",
                           "CET--1",
                           "CET-0001"}) {
    EXPECT_FALSE(parse_posix_rule(text)) << text;
  }
}

TEST(PosixRule, february_29_is_counted_or_not) {
  const auto rule = parse_posix_rule("AAA0BBB,J60/0,59/0");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->changes_of(2023)[0].at_s, days_of_date(2023, 3, 1) * 86'400);
  EXPECT_EQ(rule->changes_of(2024)[0].at_s, days_of_date(2024, 3, 1) * 86'400);
  EXPECT_EQ(rule->changes_of(2023)[1].at_s, days_of_date(2023, 3, 1) * 86'400 - 3600);
  EXPECT_EQ(rule->changes_of(2024)[1].at_s, days_of_date(2024, 2, 29) * 86'400 - 3600);
}

}  // namespace
}  // namespace agentos
