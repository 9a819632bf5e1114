// The schema that editors use says of documents what the readers say, as far as a schema can.
#include <gtest/gtest.h>

#include "base/yaml/document.h"
#include "lib/policy/policy.h"
#include "lib/policy/tools/schema.h"
#include "lib/policy/tools/test_document.h"
#include "lib/schema/schema.h"

namespace agentos {
namespace {

const schema::Schema& documents() {
  static const schema::Schema compiled = [] {
    auto made = schema::Schema::compile(policy::tools::schema_of_documents(policy::table_vocabulary(), "test"));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }();
  return compiled;
}

bool accepted(const std::string& text) {
  const auto root = yaml::parse(text, "t.yaml");
  EXPECT_TRUE(root) << text;
  return documents().validate(yaml::to_json(*root), 1).empty();
}

bool compiles(const std::string& text) {
  static const policy::Vocabulary words = policy::table_vocabulary();
  const policy::Source source{text, "t.yaml"};
  return policy::Program::compile({&source, 1}, words, 1).has_value();
}

std::string with(const std::string& rule, const std::string& spec = {}) {
  return "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n" + spec + "  rules:\n    - " + rule + "\n";
}

TEST(PolicySchema, accepts_the_built_in_documents) {
  for (const std::string_view name : policy::preset_names())
    EXPECT_TRUE(accepted(std::string(policy::preset(name)))) << name;
}

TEST(PolicySchema, agrees_with_the_reader) {
  const std::pair<std::string, bool> cases[] = {
      {with("{name: a, syscalls: [read], action: allow}"), true},
      {with("{name: a, syscalls: [raed], action: allow}"), false},
      {with("{name: a, syscalls: [read], action: alow}"), false},
      {with("{name: a, syscalls: [read], action: allow, pathes: [/a]}"), false},
      {with("{name: a, syscalls: [read]}"), false},
      {with("{name: a b, syscalls: [read], action: allow}"), false},
      {with("{name: a, syscalls: [read], paths: [a], action: allow}"), false},
      {with("{name: a, syscalls: [read], paths: [], action: allow}"), false},
      {with("{name: a, syscalls: [read], rings: [4], action: allow}"), false},
      {with("{name: a, syscalls: [read], action: allow, priority: high}"), false},
      {with("{name: a, tools: [x], arguments: {n: {at_most: 3}}, action: allow}"), true},
      {with("{name: a, tools: [x], arguments: {n: {most: 3}}, action: allow}"), false},
      {with("{name: a, tools: [x], action: ask, ask: {timeout: 30s}}"), true},
      {with("{name: a, tools: [x], action: ask, ask: {timeout: 30}}"), false},
      {with("{name: a, tools: [x], action: allow, obligations: [audit, {label: [b]}]}"), true},
      {with("{name: a, tools: [x], action: allow, obligations: [audi]}"), false},
      {with("{name: a, tools: [x], action: allow}", "  agents: {names: [b], rings: [3]}\n"), true},
      {with("{name: a, tools: [x], action: allow}", "  agents: {name: [b]}\n"), false},
      {with("{name: a, tools: [x], action: allow}", "  windows: {w: {days: [mon], from: \"08:00\", to: \"09:00\"}}\n"),
       true},
      {with("{name: a, tools: [x], action: allow}", "  windows: {w: {days: [monday]}}\n"), false},
      {with("{name: a, tools: [x], action: allow}", "  limits: [{name: l, tools: [x], at_most: 1, every: 1h}]\n"),
       true},
      {with("{name: a, tools: [x], action: allow}", "  limits: [{name: l, tools: [x], at_most: 0, every: 1h}]\n"),
       false},
      {with("{name: a, tools: [x], action: allow}", "  combining: deny_override\n"), false}};
  for (const auto& [text, good] : cases) {
    EXPECT_EQ(compiles(text), good) << text;
    EXPECT_EQ(accepted(text), good) << text;
  }
}

TEST(PolicySchema, knows_tests_by_their_kind) {
  const std::string test =
      "apiVersion: agentos/v1\nkind: PolicyTest\nmetadata: {name: t}\nspec:\n  policies: [p]\n  cases:\n"
      "    - {name: a, request: {call: read}, expect: allow}\n";
  EXPECT_TRUE(accepted(test));
  EXPECT_TRUE(policy::tools::read_policy_test(test, "t.yaml"));
  std::string wrong = test;
  wrong.replace(wrong.find("request"), 7, "reqest");
  EXPECT_FALSE(accepted(wrong));
  EXPECT_FALSE(policy::tools::read_policy_test(wrong, "t.yaml"));
}

}  // namespace
}  // namespace agentos
