// Policy tests are read strictly, compared part by part, and count what they have seen.
#include "lib/policy/tools/test_run.h"

#include "lib/policy/tools/tools_fixture.h"

namespace agentos::policy::tools {
namespace {

std::string document(const std::string& cases, const std::string& more = {}) {
  return "apiVersion: agentos/v1\nkind: PolicyTest\nmetadata: {name: t}\nspec:\n  policies: [p]\n" + more +
         "  cases:\n" + cases;
}

const std::string kPolicy = policy::fixture::document(
    "p",
    "    - {name: own, syscalls: [read], paths: [\"/state/**\"], action: allow, obligations: [audit]}\n"
    "    - {name: pay, tools: [pay], when: 'args.amount <= 5 && args.to == \"x\"', action: allow}\n",
    "  agents: [coder]\n");

TestRun run(const std::string& text) {
  auto test = read_policy_test(text, "t.yaml");
  EXPECT_TRUE(test) << test.error().message;
  auto made = run_test(*test, table_vocabulary(),
                       [](const std::string& word) -> Result<Source> { return Source{kPolicy, word + ".yaml"}; });
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

TEST(PolicyTest, passes_and_fails_by_each_part_of_what_is_expected) {
  const TestRun made = run(document(
      "    - {name: a, request: {agent: coder-1, call: read, path: /state/a}, expect: allow}\n"
      "    - {name: b, request: {agent: coder-1, call: read, path: /state/a}, expect: {rule: own, obligations: "
      "[audit]}}\n"
      "    - {name: c, request: {agent: coder-1, call: read, path: /etc/a}, expect: {verdict: allow, rule: p/own}}\n"
      "    - {name: d, request: {agent: coder-1, call: read, path: /state/a}, expect: {obligations: [notify]}}\n"
      "    - {name: e, request: {agent: coder-1, call: read, path: /state/a}, expect: {message: x}}\n"
      "    - {name: f, request: {agent: coder-1, call: raed}, expect: deny}\n"));
  std::string passed;
  for (const CaseResult& one : made.cases) passed += one.passed() ? '+' : '-';
  EXPECT_EQ(passed, "++----");
  EXPECT_EQ(made.failed(), 4u);
  EXPECT_EQ(made.cases[2].differences,
            (std::vector<std::string>{"verdict is deny, not allow", "rule is default-deny, not p/own"}));
  EXPECT_EQ(made.cases[2].explanation.find("smallest_change")->string_or("verdict", ""), "allow");
  EXPECT_EQ(made.cases[3].differences, (std::vector<std::string>{"obligations are [audit], not [notify]"}));
  EXPECT_EQ(made.cases[5].differences,
            (std::vector<std::string>{"t.yaml:12:26: request: \"call\" is no call of the table: raed; did you mean "
                                      "\"read\"?"}));
}

TEST(PolicyTest, counts_rules_that_applied_and_clauses_seen_both_ways) {
  const TestRun one =
      run(document("    - {name: a, request: {agent: coder-1, call: read, path: /state/a}, expect: allow}\n"));
  // Rules: own of two. Clauses: the document's agents, paths, tools, two of when; seen: agents and paths, true.
  EXPECT_EQ(one.coverage->rules_applied().covered, 1u);
  EXPECT_EQ(one.coverage->rules_applied().all, 2u);
  EXPECT_EQ(one.coverage->clause_outcomes().covered, 2u);
  EXPECT_EQ(one.coverage->clause_outcomes().all, 10u);
  const TestRun all = run(
      document("    - {name: a, request: {agent: coder-1, call: read, path: /state/a}, expect: allow}\n"
               "    - {name: b, request: {agent: other-1, call: read, path: /etc/a}, expect: deny}\n"
               "    - {name: c, request: {agent: coder-1, tool: pay, args: {amount: 5, to: x}}, expect: allow}\n"
               "    - {name: d, request: {agent: coder-1, tool: other, args: {amount: 6, to: y}}, expect: deny}\n"));
  EXPECT_EQ(all.failed(), 0u);
  EXPECT_EQ(all.coverage->all().percent(), 100.0);
}

TEST(PolicyTest, refuses_what_it_does_not_know_with_its_place) {
  const std::pair<std::string, const char*> cases[] = {
      {document("    - {name: a, request: {call: read}, expect: alow}\n"), "t.yaml:7:48: unknown verdict \"alow\""},
      {document("    - {name: a, request: {cal: read}, expect: allow}\n"),
       "t.yaml:7:27: unknown key \"cal\" in a request"},
      {document("    - {name: a, expect: allow}\n"), "t.yaml:7:7: a case has no \"request\""},
      {document("    - {name: a, request: {}, expect: {}}\n"), "t.yaml:7:38: \"expect\" expects nothing"},
      {document("    - {name: a, request: {}, expect: deny}\n    - {name: a, request: {}, expect: deny}\n"),
       "t.yaml:8:14: a second case is named \"a\""},
      {document("    - {name: a, request: {}, expect: deny}\n", "  tool: []\n"),
       "t.yaml:6:3: unknown key \"tool\" in spec of a test"},
      {"apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: t}\nspec: {policies: [p], cases: []}\n",
       "t.yaml:2:7: \"kind\" must be PolicyTest (and 1 more error)"}};
  for (const auto& [text, message] : cases) {
    const auto test = read_policy_test(text, "t.yaml");
    ASSERT_FALSE(test) << text;
    EXPECT_EQ(test.error().message, message);
  }
}

}  // namespace
}  // namespace agentos::policy::tools
