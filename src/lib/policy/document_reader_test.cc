// Every refusal, with its position; and the bounds.
#include <gtest/gtest.h>

#include "lib/policy/fixture.h"
#include "lib/policy/limits.h"

namespace agentos::policy {
namespace {

using fixture::document;

Error refusal_of(const std::string& text) {
  auto program = fixture::compile({text});
  if (program) return {ErrorCode::kInternal, "accepted", ""};
  return program.error();
}
// One rule with `lines` after its name, which stands at line 6; the lines start at line 7, column 7.
Error rule_refusal(const std::string& lines) { return refusal_of(document("p", "    - name: r\n" + lines)); }

struct Case {
  const char* lines;
  const char* message;
  const char* hint;
};

TEST(DocumentReader, refuses_bad_rules_with_position_and_remedy) {
  const std::string read = "      syscalls: [read]\n      action: allow\n";
  const Case cases[] = {
      {"      path: [\"/a\"]\n", "p0.yaml:9:7: unknown key \"path\" in a rule", "did you mean \"paths\"?"},
      {"      calls: [read]\n", "p0.yaml:9:7: unknown key \"calls\" in a rule", "did you mean \"syscalls\"?"},
      {"      when: x\n", "p0.yaml:9:13: \"when\": unknown variable 'x'", nullptr},
      {"      paths: [\"a\"]\n", "p0.yaml:9:15: paths: \"a\": a path glob must start with '/'",
       "write \"/a\" or \"/**/a\""},
      {"      paths: \"/a\"\n", "p0.yaml:9:14: \"paths\" must be a list, not a string", "write [\"/a\"]"},
      {"      paths: []\n", "p0.yaml:9:14: \"paths\" is an empty list, which nothing matches", nullptr},
      {"      paths: [7]\n", "p0.yaml:9:15: \"an entry of paths\" must be a string, not an integer", nullptr},
      {"      tools: [echo]\n", "p0.yaml:9:14: \"tools\" is only for exec, but the rule also names \"read\"", nullptr},
      {"      agents: [\"a[\"]\n", "p0.yaml:9:16: agents: \"a[\": '[' has no meaning in a glob", nullptr},
      {"      targets: [\"!x\"]\n", "p0.yaml:9:17: targets: \"!x\": a glob cannot be negated", nullptr},
      {"      rings: [4]\n", "p0.yaml:9:15: \"an entry of rings\" is out of range: 4", "0 to 3"},
      {"      rings: [a]\n", "p0.yaml:9:15: \"an entry of rings\" must be an integer, not a string", nullptr},
      {"      rings: []\n", "p0.yaml:9:14: \"rings\" is an empty list, which nothing matches", nullptr},
      {"      priority: high\n", "p0.yaml:9:17: \"priority\" must be an integer, not a string", nullptr},
      {"      priority: 1000001\n", "p0.yaml:9:17: \"priority\" is out of range: 1000001", "-1000000 to 1000000"},
      {"      obligations: [audi]\n", "p0.yaml:9:21: unknown obligation \"audi\"", "did you mean \"audit\"?"},
      {"      obligations: [kill]\n", "p0.yaml:9:21: obligation \"kill\" goes with action deny only", nullptr},
      {"      ask: {timeout: 30s}\n", "p0.yaml:9:12: \"ask\" is only for a rule with action ask", nullptr},
      {"      message: \"\"\n", "p0.yaml:9:16: \"message\" is empty", nullptr},
      {"      reason: [a]\n", "p0.yaml:9:15: \"reason\" must be a string, not a list", nullptr},
      {"      arguments: {}\n", "p0.yaml:9:18: \"arguments\" names 0 arguments", "1 to 16"},
      {"      arguments: {n: 3}\n", "p0.yaml:9:22: \"n\" must be a mapping, not an integer", nullptr},
      {"      arguments: {n: {}}\n", "p0.yaml:9:22: \"n\" has no condition", nullptr},
      {"      arguments: {n: {equal: 3}}\n", "p0.yaml:9:23: unknown key \"equal\" in the condition on \"n\"",
       "did you mean \"equals\"?"},
      {"      arguments: {n: {equals: true}}\n",
       "p0.yaml:9:31: \"equals\" compares strings and integers, not a boolean", nullptr},
      {"      arguments: {n: {in: [1, a]}}\n", "p0.yaml:9:27: \"in\" mixes strings and integers", nullptr},
      {"      arguments: {n: {in: []}}\n", "p0.yaml:9:27: \"in\" has 0 values", "1 to 256"},
      {"      arguments: {n: {prefix: 3}}\n", "p0.yaml:9:31: \"prefix\" must be a string, not an integer", nullptr},
      {"      arguments: {n: {at_most: x}}\n", "p0.yaml:9:32: \"at_most\" must be an integer, not a string", nullptr},
      {"      arguments: {n: {at_most: 1.5}}\n", "p0.yaml:9:32: \"at_most\" must be an integer, not a number", nullptr},
  };
  for (const Case& one : cases) {
    Error error = rule_refusal(read + one.lines);
    EXPECT_EQ(error.message, one.message) << one.lines;
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << one.lines;
    if (one.hint != nullptr) EXPECT_EQ(error.hint, one.hint) << one.lines;
  }
}

TEST(DocumentReader, refuses_rules_without_their_parts) {
  const Case cases[] = {
      {"      action: allow\n", "p0.yaml:6:7: a rule has no \"syscalls\"", nullptr},
      {"      syscalls: [read]\n", "p0.yaml:6:7: a rule has no \"action\"", nullptr},
      {"      syscalls: [raed]\n      action: allow\n", "p0.yaml:7:18: unknown syscall \"raed\"",
       "did you mean \"read\"?"},
      {"      syscalls: [read]\n      action: alow\n", "p0.yaml:8:15: unknown action \"alow\"",
       "did you mean \"allow\"?"},
      {"      syscalls: [read]\n      action: ask\n      ask: {timeout: 30}\n",
       "p0.yaml:9:22: \"timeout\" must be a string, not an integer", nullptr},
      {"      syscalls: [read]\n      action: ask\n      ask: {timeout: 30x}\n",
       "p0.yaml:9:22: \"timeout\" is not a duration: 30x", "a whole number and a unit: 500ms, 30s, 5m, 2h, 1d"},
      {"      syscalls: [read]\n      action: ask\n      ask: {timeout: 48h}\n",
       "p0.yaml:9:22: \"timeout\" is out of range: 48h", "1 s to 86400 s"},
      {"      syscalls: [read]\n      action: ask\n      ask: {timeout: 99999999999999999999h}\n",
       "p0.yaml:9:22: \"timeout\" is not a duration: 99999999999999999999h", nullptr},
      {"      syscalls: [read]\n      action: ask\n      ask: {approvers: 1}\n",
       "p0.yaml:9:24: \"approvers\" must be a list, not an integer", nullptr},
  };
  for (const Case& one : cases) {
    Error error = rule_refusal(one.lines);
    EXPECT_EQ(error.message, one.message) << one.lines;
    if (one.hint != nullptr) EXPECT_EQ(error.hint, one.hint) << one.lines;
  }
}

TEST(DocumentReader, refuses_a_bad_envelope) {
  EXPECT_EQ(refusal_of("").message, "p0.yaml:1:1: a policy document is a mapping, not a null");
  EXPECT_EQ(refusal_of("[]").message, "p0.yaml:1:1: a policy document is a mapping, not a list");
  EXPECT_EQ(refusal_of("apiVersion: v2\nkind: Policy\nmetadata: {name: p}\nspec: {rules: []}\n").message,
            "p0.yaml:1:13: \"apiVersion\" must be agentos/v1");
  EXPECT_EQ(refusal_of("apiVersion: agentos/v1\nkind: Polcy\nmetadata: {name: p}\nspec: {rules: []}\n").message,
            "p0.yaml:2:7: \"kind\" must be Policy");
  EXPECT_EQ(refusal_of("apiVersion: agentos/v1\nkind: Policy\nmetadata: {}\nspec: {rules: []}\n").message,
            "p0.yaml:3:11: metadata has no \"name\"");
  EXPECT_EQ(refusal_of("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: a/b}\nspec: {rules: []}\n").message,
            "p0.yaml:3:18: \"name\" has characters a name cannot have");
  EXPECT_EQ(refusal_of("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec: {}\n").message,
            "p0.yaml:4:7: spec has no \"rules\"");
  EXPECT_EQ(refusal_of("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\n").message,
            "p0.yaml:1:1: a policy document has no \"spec\"");
  EXPECT_EQ(
      refusal_of("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec: {mode: observ, rules: []}\n").hint,
      "did you mean \"observe\"?");
  EXPECT_EQ(refusal_of("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec: {rules: [7]}\n").message,
            "p0.yaml:4:16: \"a rule\" must be a mapping, not an integer");
}

TEST(DocumentReader, text_that_is_not_yaml_is_malformed_at_a_position) {
  Error error = refusal_of("apiVersion: [\n");
  EXPECT_EQ(error.code, ErrorCode::kMalformed);
  EXPECT_EQ(error.message.rfind("p0.yaml:", 0), 0u) << error.message;
}

TEST(DocumentReader, reports_the_first_error_and_counts_the_rest) {
  Error error = rule_refusal("      action: alow\n      syscalls: [raed]\n      nam: x\n");
  EXPECT_EQ(error.message, "p0.yaml:7:15: unknown action \"alow\" (and 2 more errors)");
  error = rule_refusal("      syscalls: [raed]\n      action: alow\n");
  EXPECT_EQ(error.message, "p0.yaml:7:18: unknown syscall \"raed\" (and 1 more error)");
}

TEST(DocumentReader, rule_names_and_policy_names_are_unique) {
  const std::string rule = "    - {name: r, syscalls: [read], action: allow}\n";
  EXPECT_EQ(refusal_of(document("p", rule + rule)).message, "p0.yaml:7:14: a second rule is named \"r\"");
  auto twice = fixture::compile({document("p", rule), document("p", rule)});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "p1.yaml:3:18: a second policy is named \"p\"; the first is at p0.yaml:3:18");
}

TEST(DocumentReader, bounds_are_named) {
  EXPECT_EQ(refusal_of(std::string(kDocumentBytesMax + 1, ' ')).message,
            "p0.yaml:1:1: a policy document of 1048577 octets is too large");
  auto many = [](const std::string& prefix, int count) {
    std::string rules;
    for (int i = 0; i < count; ++i) {
      rules += "    - {name: " + prefix + std::to_string(i) + ", syscalls: [read], action: allow}\n";
    }
    return rules;
  };
  EXPECT_EQ(refusal_of(document("p", many("r", 10'001))).message, "p0.yaml:6:5: 10001 rules are too many");
  auto set = fixture::compile({document("p", many("r", 6'000)), document("q", many("r", 6'000))});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message, "p1.yaml:3:18: the set has 12000 rules up to here, which are too many");
  EXPECT_FALSE(Program::compile({}, fixture::vocabulary(), 1));
  Error list = rule_refusal("      syscalls: [read]\n      action: allow\n      paths: [" + [] {
    std::string items = "\"/a\"";
    for (int i = 0; i < 256; ++i) items += ", \"/a\"";
    return items;
  }() + "]\n");
  EXPECT_EQ(list.message, "p0.yaml:9:14: \"paths\" has 257 entries");
}

TEST(DocumentReader, json_is_read_like_yaml) {
  auto program =
      fixture::compile({R"({"apiVersion": "agentos/v1", "kind": "Policy", "metadata": {"name": "p", "summary": "s"},
          "spec": {"rules": [{"name": "r", "syscalls": ["read"], "action": "allow"}]}})"});
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ((*program)->decide(fixture::Asked{}.request()).rule, "p/r");
}

}  // namespace
}  // namespace agentos::policy
