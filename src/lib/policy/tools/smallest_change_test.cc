// The change that is told does flip the verdict, and is of the kind that comes first.
#include "lib/policy/tools/smallest_change.h"

#include "base/regex/pattern.h"
#include "lib/policy/tools/pattern_example.h"
#include "lib/policy/tools/tools_fixture.h"

namespace agentos::policy::tools {
namespace {

using fixture::parsed;
using fixture::with_rules;

std::string change(const PolicySet& set, std::string_view stated) {
  json::Value found = smallest_change(set, parsed(stated));
  if (found.is_object()) found.as_object().erase("document");
  return json::write(found);
}

TEST(SmallestChange, of_an_argument_at_its_boundary) {
  const PolicySet set = with_rules("    - {name: pay, tools: [pay], when: 'args.amount <= 500', action: allow}\n");
  EXPECT_EQ(
      change(set, R"({"tool": "pay", "args": {"amount": 900}})"),
      R"({"kind":"arguments","changes":[{"what":"args.amount","from":900,"to":500}],"verdict":"allow","rule":"p/pay"})");
  EXPECT_EQ(
      change(set, R"({"tool": "pay", "args": {"amount": 500}})"),
      R"({"kind":"arguments","changes":[{"what":"args.amount","from":500,"to":501}],"verdict":"deny","rule":"default-deny"})");
}

TEST(SmallestChange, leads_out_of_a_deny_rule) {
  const PolicySet set = with_rules(
      "    - {name: all, syscalls: [read], action: allow}\n"
      "    - {name: no, syscalls: [read], paths: [\"/secret/**\"], action: deny}\n");
  const json::Value found = smallest_change(set, parsed(R"({"call": "read", "args": {"path": "/secret/a"}})"));
  EXPECT_EQ(found.string_or("verdict", ""), "allow");
  const json::Value& one = found.find("changes")->as_array().front();
  EXPECT_EQ(one.string_or("what", ""), "path");
  EXPECT_EQ(one.string_or("from", ""), "/secret/a");
  EXPECT_EQ(fixture::decided(set, json::Value(json::Object{{"call", "read"}, {"path", *one.find("to")}})),
            "allow p/all");
}

TEST(SmallestChange, needs_two_arguments_when_one_is_not_enough) {
  const PolicySet set =
      with_rules("    - {name: pay, tools: [pay], when: 'args.a == 1 && args.b == 2', action: allow}\n");
  const json::Value found = smallest_change(set, parsed(R"({"tool": "pay", "args": {"a": 7, "b": 7}})"));
  EXPECT_EQ(found.find("changes")->as_array().size(), 2u);
}

TEST(SmallestChange, is_an_approval_or_a_grant_where_no_argument_helps) {
  const PolicySet set = with_rules("    - {name: ask, syscalls: [read], action: ask, ask: {approvers: [kim]}}\n");
  EXPECT_EQ(change(set, R"({"call": "read", "path": "/a"})"),
            R"({"kind":"approval","approvers":["kim"],"timeout_ms":300000,"verdict":"allow","rule":"p/ask"})");
  EXPECT_EQ(change(set, R"({"call": "hello", "agent": "x-1"})"),
            R"({"kind":"grant","verdict":"allow","rule":"grant/granted"})");
  const json::Value grant = smallest_change(set, parsed(R"({"call": "hello", "agent": "x-1"})"));
  std::vector<std::string> texts = {set.sources.front().text, std::string(grant.string_or("document", ""))};
  const PolicySet with = fixture::set_of(texts);
  EXPECT_EQ(fixture::decided(with, R"({"call": "hello", "agent": "x-1"})"), "allow grant/granted");
  EXPECT_EQ(fixture::decided(with, R"({"call": "hello", "agent": "y-1"})"), "deny default-deny");
}

TEST(SmallestChange, of_time_and_of_the_agent) {
  const PolicySet set = with_rules("    - {name: r, syscalls: [hello], during: [day], action: allow}\n",
                                   "  windows: {day: {from: \"08:00\", to: \"18:00\"}}\n");
  const json::Value found = smallest_change(set, parsed(R"({"call": "hello", "time": "2026-01-05T03:00:00Z"})"));
  EXPECT_EQ(found.string_or("kind", ""), "time");
  // No grant helps against a deny rule; being another agent does.
  const PolicySet denied = with_rules(
      "    - {name: all, syscalls: [hello], action: allow}\n"
      "    - {name: no, syscalls: [hello], agents: [\"bad-*\"], action: deny}\n");
  EXPECT_EQ(smallest_change(denied, parsed(R"({"call": "hello", "agent": "bad-x"})")).string_or("kind", ""), "agent");
}

TEST(SmallestChange, is_null_when_nothing_helps) {
  const PolicySet set = with_rules("    - {name: no, syscalls: [\"*\"], action: deny}\n");
  EXPECT_TRUE(smallest_change(set, parsed(R"({"call": "hello"})")).is_null());
}

TEST(PatternExample, is_matched_by_its_pattern) {
  for (const char* pattern : {"^/etc/.*", "(?i)drop\\s+table", "a|b", "[a-z]{3}-\\d+", "(foo|bar)+baz?",
                              "^\\w+@\\w+\\.com$", "[^/]+/x", "(?:rm|del) -rf"}) {
    const auto compiled = regex::Pattern::compile(pattern);
    ASSERT_TRUE(compiled) << pattern;
    EXPECT_TRUE(compiled->search(example_of(pattern))) << pattern << " gave " << example_of(pattern);
  }
}

}  // namespace
}  // namespace agentos::policy::tools
