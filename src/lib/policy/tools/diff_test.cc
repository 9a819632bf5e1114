// Differences are found by the rules' own boundary values, are real when decided again, and small.
#include "lib/policy/tools/diff.h"

#include "lib/policy/tools/tools_fixture.h"

namespace agentos::policy::tools {
namespace {

using fixture::set_of;
using fixture::with_rules;

Diff compare(const PolicySet& before, const PolicySet& after) {
  Diff found = diff(before, after);
  for (const Difference& one : found.differences) {
    EXPECT_EQ(fixture::decided(before, json::Value(one.request)),
              std::string(json::Value(one.before).string_or("verdict", "")) + " " +
                  std::string(json::Value(one.before).string_or("rule", "")));
    EXPECT_EQ(fixture::decided(after, json::Value(one.request_after)),
              std::string(json::Value(one.after).string_or("verdict", "")) + " " +
                  std::string(json::Value(one.after).string_or("rule", "")));
  }
  return found;
}

std::string first(const Diff& found) {
  if (found.differences.empty()) return "none";
  const Difference& one = found.differences.front();
  return one.kind + " " + json::write(json::Value(one.request)) + " " +
         std::string(json::Value(one.before).string_or("verdict", "")) + " " +
         std::string(json::Value(one.after).string_or("verdict", ""));
}

TEST(Diff, the_same_documents_do_not_differ) {
  for (std::string_view name : preset_names()) {
    const PolicySet set = set_of({std::string(preset(name))});
    const Diff found = compare(set, set);
    EXPECT_TRUE(found.differences.empty()) << name;
    EXPECT_GT(found.requests, 10u);
    EXPECT_TRUE(found.rules_added.empty() && found.rules_removed.empty());
  }
}

struct Case {
  const char* before;
  const char* after;
  const char* difference;
};

TEST(Diff, finds_the_request_at_the_boundary) {
  const Case cases[] = {
      {"    - {name: a, tools: [pay], when: 'args.amount <= 500', action: allow}\n",
       "    - {name: a, tools: [pay], when: 'args.amount < 500', action: allow}\n",
       R"(verdict {"agent":"agent-1","call":"exec","tool":"pay","args":{"amount":500}} allow deny)"},
      {"    - {name: a, syscalls: [read], paths: [\"/a/**\"], action: allow}\n",
       "    - {name: a, syscalls: [read], paths: [\"/a/*\"], action: allow}\n",
       R"(verdict {"agent":"agent-1","call":"read","path":"/a"} allow deny)"},
      {"    - {name: a, tools: [x], arguments: {n: {in: [1, 2, 3]}}, action: allow}\n",
       "    - {name: a, tools: [x], arguments: {n: {in: [1, 3]}}, action: allow}\n",
       R"(verdict {"agent":"agent-1","call":"exec","tool":"x","args":{"n":2}} allow deny)"},
      {"    - {name: a, syscalls: [hello, status], action: allow}\n",
       "    - {name: a, syscalls: [hello], action: allow}\n",
       R"(verdict {"agent":"agent-1","call":"status"} allow deny)"},
      {"    - {name: a, syscalls: [hello], rings: [2, 3], action: allow}\n",
       "    - {name: a, syscalls: [hello], rings: [3], action: allow}\n",
       R"(verdict {"agent":"agent-1","call":"hello","ring":2} allow deny)"},
      {"    - {name: a, syscalls: [hello], action: ask, ask: {timeout: 30s}}\n",
       "    - {name: a, syscalls: [hello], action: ask, ask: {timeout: 31s}}\n",
       R"(obligations {"agent":"agent-1","call":"hello"} ask ask)"},
      {"    - {name: a, syscalls: [hello], action: deny, message: One.}\n",
       "    - {name: a, syscalls: [hello], action: deny, message: Two.}\n",
       R"(message {"agent":"agent-1","call":"hello"} deny deny)"},
      {"    - {name: a, syscalls: [hello], action: allow}\n", "    - {name: b, syscalls: [hello], action: allow}\n",
       R"(rule {"agent":"agent-1","call":"hello"} allow allow)"},
      {"    - {name: a, tools: [x], phase: result, when: '\"secret\" in labels', action: deny}\n",
       "    - {name: a, tools: [x], phase: result, when: '\"secrets\" in labels', action: deny}\n",
       R"(verdict {"agent":"agent-1","phase":"result","call":"exec","tool":"x","flow":["secret"]} deny allow)"},
      {"    - {name: a, tools: [x], when: 'args.to.split(\"@\")[1] == \"a.example\"', action: allow}\n",
       "    - {name: a, tools: [x], when: 'args.to == \"nobody\"', action: allow}\n",
       R"(verdict {"agent":"agent-1","call":"exec","tool":"x","args":{"to":"nobody"}} deny allow)"}};
  for (const Case& one : cases) {
    EXPECT_EQ(first(compare(with_rules(one.before), with_rules(one.after))), one.difference);
  }
}

TEST(Diff, finds_what_only_two_rules_together_make) {
  // Each rule alone decides the same; where both apply, or one fails on an argument's type, the priorities differ.
  const std::string rules =
      "    - {name: a, tools: [x], arguments: {n: {equals: 7}}, action: allow, priority: PRIORITY}\n"
      "    - {name: b, tools: [x], arguments: {m: {equals: q}}, action: deny, priority: 5}\n";
  const auto with_priority = [&](const char* priority) {
    std::string text = rules;
    text.replace(text.find("PRIORITY"), 8, priority);
    return with_rules(text, "  combining: priority_first_match\n");
  };
  EXPECT_EQ(first(compare(with_priority("1"), with_priority("9"))),
            R"(verdict {"agent":"agent-1","call":"exec","tool":"x","args":{"n":7,"m":0}} deny allow)");
}

TEST(Diff, modes_scopes_windows_sequences_and_limits_count) {
  const std::string allow = "    - {name: a, syscalls: [hello], action: allow}\n";
  EXPECT_EQ(first(compare(with_rules(allow), with_rules(allow, "  mode: freeze\n"))), "none");  // hello changes nothing
  const std::string write = "    - {name: a, syscalls: [write], action: allow}\n";
  EXPECT_EQ(first(compare(with_rules(write), with_rules(write, "  mode: freeze\n"))),
            R"(verdict {"agent":"agent-1","call":"write"} allow deny)");
  const std::string deny = "    - {name: a, syscalls: [hello], action: deny}\n";
  EXPECT_EQ(first(compare(with_rules(deny), with_rules(deny, "  mode: observe\n"))),
            R"(verdict {"agent":"agent-1","call":"hello"} deny allow)");
  const Diff window = compare(with_rules("    - {name: a, syscalls: [hello], during: [w], action: allow}\n",
                                         "  windows: {w: {from: \"08:00\", to: \"18:00\"}}\n"),
                              with_rules("    - {name: a, syscalls: [hello], during: [w], action: allow}\n",
                                         "  windows: {w: {from: \"08:00\", to: \"17:59\"}}\n"));
  EXPECT_EQ(first(window), R"(verdict {"agent":"agent-1","call":"hello","time":"2026-01-05T17:59:59Z"} allow deny)");
  const Diff limit = compare(with_rules(allow), with_rules(allow,
                                                           "  limits: [{name: l, syscalls: [hello], at_most: 1, "
                                                           "every: 1h}]\n"));
  ASSERT_FALSE(limit.differences.empty());
  EXPECT_EQ(json::write(json::Value(limit.differences[0].request_after)),
            R"({"agent":"agent-1","call":"hello","used_up":["p/l"]})");
  EXPECT_FALSE(limit.same());
  const std::string more = "  limits: [{name: l, syscalls: [hello], at_most: 2, every: 1h}]\n";
  const std::string most = "  limits: [{name: l, syscalls: [hello], at_most: 3, every: 1h}]\n";
  EXPECT_EQ(compare(with_rules(allow, more), with_rules(allow, most)).past_changed, (std::vector<std::string>{"p/l"}));
  EXPECT_TRUE(compare(with_rules(allow, more), with_rules(allow, more)).same());
  EXPECT_EQ(limit.rules_added, (std::vector<std::string>{"p/l"}));
}

}  // namespace
}  // namespace agentos::policy::tools
