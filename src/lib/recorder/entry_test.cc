// Leaves are canonical, bounded and complete.
#include "lib/recorder/entry.h"

#include <gtest/gtest.h>

#include "base/json/value.h"
#include "lib/recorder/leaf_reader.h"
#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/opening.h"
#include "lib/recorder/test_entries.h"

namespace agentos::recorder {
namespace {

std::string leaf_of(const Entry& entry) {
  std::string out;
  crypto::Digest digest;
  digest.fill(0xAB);
  encode_leaf(entry, digest, out);
  return out;
}

void expect_canonical(const std::string& leaf) {
  const auto value = json::parse(leaf);
  ASSERT_TRUE(value.has_value()) << leaf << ": " << value.error().message;
  EXPECT_EQ(json::write_canonical(*value), leaf);
  EXPECT_TRUE(read_leaf(leaf).has_value()) << leaf;
  EXPECT_LE(leaf.size(), kEntrySizeMax);
}

TEST(EncodeLeaf, writes_an_intent_with_sorted_members) {
  EXPECT_EQ(
      leaf_of(testing::intent("a1")),
      R"({"agent":"a1","arguments":"q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s","call":"write","effect":"state",)"
      R"("kind":"intent","policy_epoch":1,"rule":"agent-default/workspace","run":"run-1",)"
      R"("time_us":1700000000000000,"v":1,"verdict":"allow"})");
}

TEST(EncodeLeaf, is_canonical_for_every_kind) {
  expect_canonical(leaf_of(testing::intent("a1", Effect::kExternal)));
  expect_canonical(leaf_of(testing::outcome(3, "a1")));
  expect_canonical(leaf_of(testing::refused("a1")));
  expect_canonical(leaf_of(testing::event("boot")));
  expect_canonical(leaf_of(Event{}));
}

TEST(EncodeLeaf, keeps_the_results_zero_false_and_empty_string_apart_from_none) {
  Outcome outcome = testing::outcome(0, "a");
  for (std::string_view result : {"0", "false", "\"\""}) {
    outcome.result.text = result;
    EXPECT_NE(leaf_of(outcome).find("\"result\":"), std::string::npos);
  }
  outcome.result.text = "";
  EXPECT_EQ(leaf_of(outcome).find("\"result\":"), std::string::npos);
}

TEST(EncodeLeaf, escapes_and_mends_any_octets) {
  for (int octet = 0; octet < 256; ++octet)
    for (std::size_t size : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 15u, 16u, 17u})
      for (std::size_t place = 0; place < size; place += 3) {
        std::string agent(size, 'x');
        agent[place] = static_cast<char>(octet);
        Refused refused = testing::refused(agent);
        const std::string leaf = leaf_of(refused);
        expect_canonical(leaf);
        if (octet < 0x80) EXPECT_EQ(json::parse(leaf)->string_or("agent", ""), agent);
      }
  EXPECT_NE(leaf_of(testing::event("\xC3\xA4\xFF")).find("\xC3\xA4\xEF\xBF\xBD"), std::string::npos);
}

TEST(EncodeLeaf, cuts_long_fields_with_a_marker_that_counts) {
  for (const char* unit : {"x", "\x01", "\xE2\x82\xAC", "\xFF", "\""}) {
    std::string text;
    while (text.size() < 5000) text += unit;
    Refused refused = testing::refused(text);
    refused.run = refused.call = refused.tool = refused.step = refused.rule = refused.reason = text;
    const std::string leaf = leaf_of(refused);
    expect_canonical(leaf);
    EXPECT_NE(leaf.find("\xE2\x80\xA6[+"), std::string::npos);
  }
  EXPECT_EQ(leaf_of(testing::event(std::string(kTextSizeMax, 'x'))).find("[+"), std::string::npos);
  const std::string cut = leaf_of(testing::event(std::string(kTextSizeMax + 1, 'x')));
  EXPECT_NE(cut.find(std::string(kTextSizeMax - 32, 'x') + "\xE2\x80\xA6[+33]"), std::string::npos);
}

TEST(EncodeLeaf, clamps_numbers_to_the_range_json_holds_exactly) {
  Outcome outcome = testing::outcome(0, "a");
  outcome.bytes = INT64_MAX;
  outcome.duration_us = INT64_MIN;
  const std::string leaf = leaf_of(outcome);
  expect_canonical(leaf);
  EXPECT_NE(leaf.find("\"bytes\":9007199254740991"), std::string::npos);
  EXPECT_NE(leaf.find("\"duration_us\":-9007199254740991"), std::string::npos);
}

TEST(ReadLeaf, refuses_what_is_not_canonical) {
  const std::string good = R"({"kind":"event","name":"boot","time_us":1,"v":1})";
  EXPECT_TRUE(read_leaf(good).has_value());
  for (const char* bad :
       {"", "{}", "[]", R"({"kind":"event","name":"boot","time_us":1,"v":1} )",
        R"({ "kind":"event","time_us":1,"v":1})", R"({"time_us":1,"kind":"event","v":1})",
        R"({"kind":"event","kind":"event","time_us":1,"v":1})", R"({"kind":"event","time_us":01,"v":1})",
        R"({"kind":"event","time_us":-0,"v":1})", R"({"kind":"event","time_us":1e0,"v":1})",
        R"({"kind":"event","name":"\u0041","time_us":1,"v":1})",
        R"({"kind":"event","name":"\u000A","time_us":1,"v":1})", R"({"kind":"event","name":"\/","time_us":1,"v":1})",
        R"({"kind":"event","time_us":1,"v":2})", R"({"kind":"other","time_us":1,"v":1})",
        R"({"kind":"outcome","status":"ok","time_us":1,"v":1})",
        "{\"kind\":\"event\",\"name\":\"\xFF\",\"time_us\":1,\"v\":1}"})
    EXPECT_FALSE(read_leaf(bad).has_value()) << bad;
}

TEST(ReadLeaf, passes_over_members_a_later_writer_adds) {
  EXPECT_TRUE(read_leaf(R"({"hosts":["a","b"],"kind":"event","time_us":1,"v":1})").has_value());
  EXPECT_FALSE(read_leaf(R"({"hosts":["a", "b"],"kind":"event","time_us":1,"v":1})").has_value());
}

TEST(Opening, long_or_broken_text_becomes_a_bounded_stand_in) {
  std::string scratch;
  EXPECT_EQ(bounded_opening("short", scratch), "short");
  EXPECT_EQ(bounded_opening("\xFF", scratch), "\xEF\xBF\xBD");
  for (const char* unit : {"x", "\x01", "\xE2\x82\xAC", "\xFF"}) {
    std::string text;
    while (text.size() <= kOpeningSizeMax) text += unit;
    const auto value = json::parse(bounded_opening(text, scratch));
    ASSERT_TRUE(value.has_value());
    EXPECT_LE(scratch.size(), kOpeningSizeMax);
    EXPECT_EQ(json::write_canonical(*value), scratch);
    EXPECT_EQ(value->string_or("digest", ""), crypto::base64url(crypto::sha256(text)));
    EXPECT_EQ(value->int_or("size", 0), static_cast<std::int64_t>(text.size()));
  }
}

TEST(Commitment, hashes_salt_and_opening) {
  Salt salt{};
  EXPECT_EQ(commitment(salt, "x"), crypto::sha256(std::string(16, '\0') + "x"));
  EXPECT_EQ(leaf_hash("x"), crypto::sha256(std::string("\0x", 2)));
}

}  // namespace
}  // namespace agentos::recorder
