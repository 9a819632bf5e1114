// The table of keys is what readers read: places, words and their order.
#include "lib/policy/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lib/policy/fixture.h"
#include "lib/policy/rule.h"

namespace agentos::policy {
namespace {

TEST(Keys, are_unique_in_their_place_and_say_what_they_mean) {
  for (std::size_t place = 0; place < kWheres; ++place) {
    const auto& names = key_names(static_cast<Where>(place));
    EXPECT_FALSE(names.empty()) << title_of(static_cast<Where>(place));
    EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  }
  for (const Key& key : keys()) {
    EXPECT_NE(key.where, 0u) << key.name;
    const bool needs_words =
        key.form == KeyForm::kWord || key.form == KeyForm::kWords || key.form == KeyForm::kObligations;
    EXPECT_EQ(key.words.empty(), !needs_words) << key.name;
    if (!key.in(Where::kCondition)) EXPECT_FALSE(key.summary.empty()) << key.name;
  }
}

TEST(Keys, words_are_in_the_order_of_what_they_are_read_into) {
  EXPECT_EQ(phase_name(Phase::kSubscribe), "subscribe");
  EXPECT_EQ(mode_name(Mode::kFreeze), "freeze");
  EXPECT_EQ(operator_name(Condition::Operator::kAtLeast), "at_least");
  EXPECT_EQ(operator_name(Condition::Operator::kPrefix), "prefix");
  for (std::string_view name : obligation_names(Obligation::kAudit | Obligation::kKill)) {
    EXPECT_NE(std::ranges::find(key_words(Where::kRule, "obligations"), name),
              key_words(Where::kRule, "obligations").end());
  }
}

// A key the table does not have is refused wherever a mapping of the language may stand.
TEST(Keys, the_readers_refuse_what_the_table_does_not_have) {
  const std::string rule = "    - {name: r, syscalls: [read], action: ask, KEY}\n";
  const std::pair<const char*, const char*> places[] = {{"oops: 1", "a rule"},
                                                        {"ask: {oops: 1}", "ask"},
                                                        {"arguments: {n: {oops: 1}}", "the condition on \"n\""},
                                                        {"obligations: [{redact: {members: [a], oops: 1}}]", "redact"}};
  for (const auto& [text, where] : places) {
    std::string rules = rule;
    rules.replace(rules.find("KEY"), 3, text);
    const auto program = fixture::compile({fixture::document("p", rules)});
    ASSERT_FALSE(program) << text;
    EXPECT_NE(program.error().message.find("unknown key \"oops\" in " + std::string(where)), std::string::npos)
        << program.error().message;
  }
  const std::string good = "    - {name: r, syscalls: [read], action: allow}\n";
  for (const char* spec :
       {"  oops: 1\n", "  agents: {oops: 1}\n", "  windows: {w: {oops: 1}}\n",
        "  sequences: {s: {steps: [{tools: [x]}], oops: 1}}\n", "  sequences: {s: {steps: [{tools: [x], oops: 1}]}}\n",
        "  limits: [{name: l, tools: [x], at_most: 1, every: 1h, oops: 1}]\n"}) {
    const auto program = fixture::compile({fixture::document("p", good, spec)});
    ASSERT_FALSE(program) << spec;
    EXPECT_NE(program.error().message.find("oops"), std::string::npos) << program.error().message;
  }
}

}  // namespace
}  // namespace agentos::policy
