// Documents of the original: what loads, what is refused and where, order, defaults, YAML 1.1 and the combined
// decision.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "lib/policy/original/document.h"
#include "lib/policy/original/original.h"

namespace agentos::policy::original {
namespace {

constexpr std::string_view kRule = "{name: r, condition: {field: tool_name, operator: eq, value: x}, action: deny}";

Error refused(std::string_view text) {
  const auto document = read_document(text, "p.yaml");
  EXPECT_FALSE(document) << text;
  return document ? Error{} : document.error();
}

std::shared_ptr<const Documents> compiled(std::vector<std::string> texts) {
  std::vector<Source> sources;
  for (std::string& text : texts) sources.push_back({std::move(text), "p" + std::to_string(sources.size()) + ".yaml"});
  auto documents = Documents::compile(sources);
  EXPECT_TRUE(documents) << documents.error().message;
  return documents ? *documents : nullptr;
}

// The condition's value, as JSON.
std::string value_of(std::string_view scalar) {
  const auto document = read_document(
      "rules:\n- name: r\n  action: allow\n  condition: {field: f, operator: eq, value: " + std::string(scalar) + "}\n",
      "p.yaml");
  return document ? json::write(document->rules[0].value) : document.error().message;
}

TEST(OriginalDocument, absent_keys_have_the_originals_defaults) {
  const auto document = read_document("{}", "p.yaml");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->version, "1.0");
  EXPECT_EQ(document->name, "unnamed");
  EXPECT_EQ(document->default_action, Action::kAllow);
  EXPECT_TRUE(document->rules.empty());
}

TEST(OriginalDocument, unknown_key_is_refused_with_its_place_and_the_nearest_word) {
  const Error error = refused("version: '1.0'\nrulez: []\n");
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.message, "p.yaml:2:1: unknown key \"rulez\" in a policy document");
  EXPECT_EQ(error.hint, "did you mean \"rules\"?");
  const Error deep = refused("rules:\n- name: r\n  condition: {field: f, operater: eq, value: 1}\n  action: deny\n");
  EXPECT_EQ(deep.message, "p.yaml:3:25: rule 1: unknown key \"operater\" in a condition");
  EXPECT_EQ(deep.hint, "did you mean \"operator\"?");
}

TEST(OriginalDocument, json_text_is_refused_with_its_place_too) {
  EXPECT_EQ(refused("{\"name\": \"n\",\n \"rulez\": []}").message,
            "p.yaml:2:2: unknown key \"rulez\" in a policy document");
}

TEST(OriginalDocument, wrong_words_types_and_missing_keys_are_refused) {
  const std::pair<std::string, const char*> kRefused[] = {
      {"[]", "is a mapping, not a list"},
      {"version: 1.0", "\"version\" is text, not a number"},
      {"name: null", "\"name\" is text, not a null"},
      {"rules: {}", "\"rules\" is a list, not a mapping"},
      {"rules: [1]", "rule 1: a rule is a mapping"},
      {"rules: [{name: r, action: deny}]", "a rule has no \"condition\""},
      {"rules: [{name: r, condition: {field: f, operator: eq}, action: deny}]", "a condition has no \"value\""},
      {"rules: [{name: r, condition: {field: f, operator: like, value: 1}, action: deny}]",
       "unknown operator \"like\""},
      {"rules: [{name: r, condition: {field: f, operator: eq, value: 1}, action: DENY}]", "unknown action \"DENY\""},
      {"rules: [{name: 7, condition: {field: f, operator: eq, value: 1}, action: deny}]", "\"name\" is text"},
      {"rules: [{name: r, condition: {field: f, operator: eq, value: 1}, action: deny, priority: 1.5}]",
       "\"priority\" is not a whole number"},
      {"defaults: {action: allow, max_tokenz: 3}", "unknown key \"max_tokenz\" in defaults"},
      {"defaults: null", "\"defaults\" is a mapping"},
      {"a: 1\na: 2", "duplicate"}};
  for (const auto& [text, what] : kRefused) {
    const Error error = refused(text);
    EXPECT_TRUE(error.message.contains(what)) << text << ": " << error.message;
    EXPECT_TRUE(error.message.starts_with("p.yaml:")) << error.message;
  }
}

TEST(OriginalDocument, keys_of_later_versions_pass_only_when_they_say_nothing) {
  EXPECT_TRUE(
      read_document("{inherit: true, scope: null, network_allowlist: [], tool_allowlist: [],"
                    " sandbox_mounts: {input_dir: null, output_dir: null}}",
                    "p.yaml"));
  EXPECT_TRUE(
      refused("inherit: false").message.contains("\"inherit\" in a policy document belongs to a later version"));
  EXPECT_TRUE(refused("tool_allowlist: [a]").message.contains("later version"));
  EXPECT_TRUE(refused("defaults: {max_cpu: 2}").message.contains("later version"));
  const std::string rule = "rules: [{name: r, condition: {field: f, operator: eq, value: 1}, action: deny, ";
  EXPECT_TRUE(read_document(rule + "override: false, dynamic_condition: null}]", "p.yaml"));
  EXPECT_TRUE(refused(rule + "dynamic_condition: {type: time_window}}]").message.contains("\"dynamic_condition\""));
  EXPECT_TRUE(refused(rule + "override: true}]").message.contains("\"override\""));
}

TEST(OriginalDocument, priority_is_taken_as_the_original_takes_it) {
  for (const char* const five : {"5", "5.0", "'5'", "' +5 '", "'5.00'"}) {
    const auto document =
        read_document("rules: [{name: r, condition: {field: f, operator: eq, value: 1}, action: deny, priority: " +
                          std::string(five) + "}]",
                      "p.yaml");
    ASSERT_TRUE(document) << five << ": " << document.error().message;
    EXPECT_EQ(document->rules[0].priority, 5) << five;
  }
}

TEST(OriginalDocument, plain_scalars_have_the_types_of_yaml_1_1) {
  const std::pair<const char*, const char*> kScalars[] = {
      {"yes", "true"},   {"Off", "false"},       {"'yes'", "\"yes\""},   {"y", "\"y\""},
      {"0777", "511"},   {"0o17", "\"0o17\""},   {"0b11", "3"},          {"0x1_f", "31"},
      {"1_000", "1000"}, {"1e3", "\"1e3\""},     {"1.0e3", "\"1.0e3\""}, {"1.5e+3", "1.5e3"},
      {".5", "0.5"},     {"+.5", "\"+.5\""},     {"08", "\"08\""},       {"+1", "1"},
      {"~", "null"},     {"!!str no", "\"no\""}, {"-0_7", "-7"},         {"\"5\"", "\"5\""}};
  for (const auto& [scalar, expected] : kScalars) {
    EXPECT_EQ(json::parse(value_of(scalar)).value_or("?"), *json::parse(expected))
        << scalar << ": " << value_of(scalar);
  }
  EXPECT_TRUE(value_of("2024-01-01").contains("is a date to the original"));
  EXPECT_TRUE(value_of("1:30").contains("base 60"));
  EXPECT_TRUE(value_of("{yes: 1}").contains("the key yes is no text"));
}

TEST(OriginalDocument, json_text_keeps_the_types_of_json) {
  const auto document = read_document(
      R"({"rules":[{"name":"r","action":"allow","condition":{"field":"f","operator":"in","value":[1e3,"yes","\ud83d\ude00"]}}]})",
      "p.json");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(json::write(document->rules[0].value), json::write(*json::parse(R"([1e3,"yes","😀"])")));
}

TEST(OriginalDecision, without_documents_all_is_allowed) {
  const auto documents = compiled({});
  const Answer answer = documents->decide(json::Object{});
  EXPECT_TRUE(answer.allowed);
  EXPECT_FALSE(answer.matched_rule);
  EXPECT_EQ(answer.reason, "No rules matched; default action applied");
}

TEST(OriginalDecision, the_first_documents_default_counts) {
  const std::string deny = "{name: d, defaults: {action: block}}";
  const std::string allow = "{name: a, defaults: {action: audit}}";
  EXPECT_EQ(compiled({deny, allow})->decide(json::Object{}).action, Action::kBlock);
  EXPECT_EQ(compiled({allow, deny})->decide(json::Object{}).action, Action::kAudit);
}

TEST(OriginalDecision, priority_then_order_of_documents_decides) {
  const auto rule = [](std::string name, std::string action, int priority) {
    return "rules: [{name: " + name + ", condition: {field: f, operator: eq, value: 1}, action: " + action +
           ", priority: " + std::to_string(priority) + "}]";
  };
  const json::Value one = json::Object{{"f", 1}};
  EXPECT_EQ(compiled({rule("a", "allow", 10), rule("b", "deny", 20)})->decide(one).matched_rule, "b");
  EXPECT_EQ(compiled({rule("a", "allow", 10), rule("b", "deny", 10)})->decide(one).matched_rule, "a");
  EXPECT_EQ(compiled({rule("a", "allow", -5), rule("b", "deny", -5)})->decide(one).matched_rule, "a");
}

TEST(OriginalDecision, reason_is_the_message_or_names_the_rule) {
  const auto documents = compiled({"rules: [" + std::string(kRule) + "]"});
  const Answer answer = documents->decide(json::Object{{"tool_name", "x"}});
  EXPECT_EQ(answer.reason, "Matched rule 'r'");
  EXPECT_EQ(answer.qualified_rule, "unnamed/r");
}

TEST(OriginalDecision, a_value_that_is_null_or_absent_matches_no_rule) {
  const auto documents =
      compiled({"rules: [{name: r, condition: {field: a.b, operator: ne, value: x}, action: deny}]"});
  EXPECT_TRUE(documents->decide(json::Object{{"a.b", nullptr}}).allowed);
  EXPECT_TRUE(documents->decide(json::Object{{"a", json::Object{{"b", "y"}}}}).allowed) << "fields are no paths";
  EXPECT_FALSE(documents->decide(json::Object{{"a.b", "y"}}).allowed);
}

TEST(OriginalDecision, an_error_denies_with_the_originals_reason) {
  const auto documents = compiled({"rules: [{name: r, condition: {field: f, operator: gt, value: 1}, action: allow}]"});
  for (const json::Value& context : {json::Value(json::Object{{"f", "7"}}), json::Value(3)}) {
    const Answer answer = documents->decide(context);
    EXPECT_FALSE(answer.allowed);
    EXPECT_EQ(answer.action, Action::kDeny);
    EXPECT_FALSE(answer.matched_rule);
    EXPECT_EQ(answer.reason, "Policy evaluation error \xe2\x80\x94 access denied (fail closed)");
  }
}

TEST(OriginalDecision, becomes_a_decision_of_the_kernel) {
  const auto with = [](std::string action) {
    return compiled({"{name: doc, rules: [{name: r, condition: {field: f, operator: eq, value: 1}, action: " + action +
                     ", message: why}]}"});
  };
  const json::Value one = json::Object{{"f", 1}};
  const auto audit = with("audit");
  const Decision audited = as_decision(audit->decide(one), 7);
  EXPECT_EQ(audited.verdict, Verdict::kAllow);
  EXPECT_TRUE(has(audited.obligations, Obligation::kAudit));
  EXPECT_EQ(audited.epoch, 7u);
  EXPECT_EQ(audited.policy, "doc");
  EXPECT_EQ(audited.rule, "doc/r");
  EXPECT_EQ(audited.reason, "why");
  const auto allow = with("allow");
  EXPECT_EQ(as_decision(allow->decide(one), 1).obligations, Obligation::kNone);
  for (const char* const action : {"deny", "block"}) {
    const auto documents = with(action);
    EXPECT_EQ(as_decision(documents->decide(one), 1).verdict, Verdict::kDeny);
  }
}

TEST(OriginalDocument, is_told_from_a_native_one) {
  const auto told = [](std::string_view text) { return is_original(*yaml::parse(text, "p.yaml")); };
  EXPECT_TRUE(told("version: '1.0'\nname: n\nrules: [" + std::string(kRule) + "]"));
  EXPECT_TRUE(told("{version: '1.0', name: n, rules: []}"));
  EXPECT_FALSE(told("apiVersion: agentos/v1\nkind: Policy\nrules: []"));
  EXPECT_FALSE(told("services: {web: {image: nginx}}"));
  EXPECT_FALSE(told("rules: [{id: x, conditions: []}]"));
}

// The recorded decisions of the original; the folder is named by AGENTOS_CONFORMANCE.
TEST(OriginalConformance, every_recorded_decision_agrees) {
  const char* const folder = std::getenv("AGENTOS_CONFORMANCE");
  if (folder == nullptr) GTEST_SKIP() << "set AGENTOS_CONFORMANCE to the folder of recorded decisions";
  std::ifstream file(std::string(folder) + "/policy_document/decisions.jsonl");
  ASSERT_TRUE(file) << folder;
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto recorded = json::parse(line, {.depth_max = 64});
    ASSERT_TRUE(recorded) << line;
    const auto documents = Documents::compile(*recorded->find("documents"));
    ASSERT_TRUE(documents) << documents.error().message;
    const Answer answer = (*documents)->decide(*recorded->find("context"));
    json::Object said{{"allowed", answer.allowed}, {"action", action_name(answer.action)}, {"reason", answer.reason}};
    said["matched_rule"] = answer.matched_rule ? json::Value(*answer.matched_rule) : json::Value();
    EXPECT_EQ(json::write_canonical(json::Value(said)), json::write_canonical(*recorded->find("expect"))) << line;
  }
  EXPECT_GT(count, 0u);
}

}  // namespace
}  // namespace agentos::policy::original
