// Canonical text says the same, keeps every comment, and is its own canonical text.
#include "lib/policy/tools/format.h"

#include <gtest/gtest.h>

#include "base/yaml/document.h"
#include "lib/policy/policy.h"

namespace agentos::policy::tools {
namespace {

std::string formatted(const std::string& text) {
  const auto made = format_document(text, "p.yaml");
  return made ? *made : "refused: " + made.error().message;
}

TEST(Format, orders_keys_and_keeps_comments_where_they_belong) {
  EXPECT_EQ(formatted("# head\nkind: Policy\napiVersion: agentos/v1\n"
                      "metadata: {name: p} # named\n"
                      "spec:\n"
                      "  rules:\n"
                      "  # first\n"
                      "  - action: allow # why\n"
                      "    name: a\n"
                      "    syscalls:\n"
                      "      - read # one\n"
                      "      - write\n"
                      "\n\n"
                      "  - {name: b, when: 'args.x == \"#\"', action: deny, tools: [ 'x' ]}\n"
                      "# end\n"),
            "# head\napiVersion: agentos/v1\nkind: Policy\n"
            "metadata:  # named\n"
            "  name: p\n"
            "spec:\n"
            "  rules:\n"
            "    # first\n"
            "    - name: a\n"
            "      syscalls:\n"
            "        - read  # one\n"
            "        - write\n"
            "      action: allow  # why\n"
            "\n"
            "    - name: b\n"
            "      tools: [x]\n"
            "      when: args.x == \"#\"\n"
            "      action: deny\n"
            "# end\n");
}

TEST(Format, keeps_blocks_of_text_and_folds_what_is_long) {
  const std::string sentence =
      "The first words of a sentence that is much too long for one line of a document, and goes on until it has to be "
      "folded somewhere.";
  const std::string made = formatted(
      "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n"
      "    - name: a\n      tools: [x]\n      when: |\n        args.a == 1 &&\n        # not a comment\n"
      "        args.b == 2\n      action: deny\n      message: " +
      sentence + "\n");
  EXPECT_NE(made.find("      when: |\n        args.a == 1 &&\n        # not a comment\n        args.b == 2\n"),
            std::string::npos)
      << made;
  EXPECT_NE(made.find("message: >-\n        The first words"), std::string::npos) << made;
  const auto root = yaml::parse(made, "p.yaml");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("spec")->find("rules")->items[0].find("message")->text, sentence);
}

TEST(Format, quotes_what_would_be_no_text) {
  const std::string made = formatted(
      "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  rules:\n    - name: \"10\"\n"
      "      syscalls: [\"*\"]\n      arguments: {n: {in: [\"1\", \"true\", \"a: b\"]}}\n      priority: 7\n"
      "      paths: ['/a/*']\n      action: 'allow'\n      reason: \"it's: odd\"\n");
  EXPECT_NE(made.find("name: \"10\"\n"), std::string::npos) << made;
  EXPECT_NE(made.find("      arguments:\n        n: {in: [\"1\", \"true\", \"a: b\"]}\n"), std::string::npos) << made;
  EXPECT_NE(made.find("action: allow\n"), std::string::npos);
  EXPECT_NE(made.find("reason: \"it's: odd\"\n"), std::string::npos);
}

TEST(Format, built_in_documents_keep_their_meaning) {
  for (std::string_view name : preset_names()) {
    const std::string once = formatted(std::string(preset(name)));
    EXPECT_EQ(formatted(once), once) << name;
    const auto before = yaml::parse(preset(name), "a"), after = yaml::parse(once, "b");
    ASSERT_TRUE(before && after);
    EXPECT_EQ(yaml::to_json(*before), yaml::to_json(*after)) << name;
  }
}

TEST(Format, json_stays_json) {
  EXPECT_EQ(formatted(R"({"kind": "Policy", "apiVersion": "agentos/v1", "spec": {"rules": [{"action": "allow",)"
                      R"("name": "a"}]}})"),
            "{\n  \"apiVersion\": \"agentos/v1\",\n  \"kind\": \"Policy\",\n  \"spec\": {\n    \"rules\": [\n      {\n"
            "        \"name\": \"a\",\n        \"action\": \"allow\"\n      }\n    ]\n  }\n}\n");
}

TEST(Format, refuses_what_it_would_lose) {
  EXPECT_EQ(formatted("a: &x 1\nb: *x\n"), "refused: p.yaml:1:4: anchors and aliases would be lost");
  EXPECT_EQ(formatted("a: !!str 1\n"), "refused: p.yaml:1:4: a tag would be lost");
  EXPECT_EQ(formatted("- a\n"), "refused: p.yaml:1:1: a policy document is a mapping");
  EXPECT_EQ(formatted("a: [\n").substr(0, 17), "refused: p.yaml:2");
}

TEST(Format, tests_of_policies_too) {
  EXPECT_EQ(
      formatted("kind: PolicyTest\napiVersion: agentos/v1\nmetadata: {name: t}\nspec:\n  policies: [p]\n  cases:\n"
                "    - expect: {rule: r, verdict: deny}\n      name: a\n      request: {path: /a, call: read}\n"),
      "apiVersion: agentos/v1\nkind: PolicyTest\nmetadata:\n  name: t\nspec:\n  policies: [p]\n  cases:\n"
      "    - name: a\n      request: {call: read, path: /a}\n      expect: {verdict: deny, rule: r}\n");
}

}  // namespace
}  // namespace agentos::policy::tools
