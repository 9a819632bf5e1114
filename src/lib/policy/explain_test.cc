// Explanations: the clause, the actual value, the place, what else matched, and a change that really flips the verdict.
#include <gtest/gtest.h>

#include "lib/policy/fixture.h"

namespace agentos::policy {
namespace {

using fixture::Asked;
using fixture::document;

json::Value explain(const std::string& rules, const Asked& asked) {
  auto program = fixture::compile({document("p", rules)});
  EXPECT_TRUE(program) << program.error().message;
  return program ? (*program)->explain(asked.request()) : json::Value();
}
std::string at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  return found == nullptr ? "(absent)" : json::write(*found);
}

TEST(Explain, names_the_rule_its_place_and_each_clause_with_its_value) {
  json::Value why = explain(
      "    - {name: d, syscalls: [write], paths: [\"/etc/**\"], action: deny, obligations: [audit]}\n"
      "    - {name: a, syscalls: [write], action: allow}\n",
      {.call = "write", .path = "/etc/passwd"});
  EXPECT_EQ(at(why, "verdict"), "\"deny\"");
  EXPECT_EQ(at(why, "rule"), "\"p/d\"");
  EXPECT_EQ(at(why, "at"), "\"p0.yaml:6:7\"");
  EXPECT_EQ(at(why, "obligations"), "[\"audit\"]");
  EXPECT_EQ(at(why, "clauses"), R"([{"clause":"syscalls","pattern":["write"],"actual":"write","matched":true},)"
                                R"({"clause":"paths","pattern":["/etc/**"],"actual":"/etc/passwd","matched":true}])");
  EXPECT_EQ(at(why, "also_matched"), R"([{"rule":"p/a","at":"p0.yaml:7:7","action":"allow","priority":0}])");
  // The nearest allow rule matches already; the deny rule still stands, and that is said.
  EXPECT_EQ(at(why, "allow_with"),
            R"({"rule":"p/a","at":"p0.yaml:7:7","action":"allow","failed":[],"flips":false,"still":"p/d"})");
}

TEST(Explain, tells_the_value_that_would_pass_and_has_tried_it) {
  json::Value why = explain(
      "    - {name: a, syscalls: [write], paths: [\"/mem/**\"], arguments: {size: {at_most: 10}}, action: allow}\n"
      "    - {name: b, syscalls: [read], action: allow}\n",
      [] {
        Asked asked{.call = "write", .path = "/etc/x"};
        asked.arguments.values["size"] = std::int64_t{4096};
        return asked;
      }());
  EXPECT_EQ(at(why, "rule"), "\"default-deny\"");
  EXPECT_EQ(at(why, "clauses"), "[]");
  EXPECT_EQ(at(why, "allow_with"),
            R"({"rule":"p/a","at":"p0.yaml:6:7","action":"allow","failed":[)"
            R"({"clause":"paths","pattern":["/mem/**"],"actual":"/etc/x","matched":false,"would_pass":"/mem/x"},)"
            R"({"clause":"arguments.size","pattern":{"at_most":10},"actual":4096,"matched":false,"would_pass":10}],)"
            R"("flips":true})");
}

TEST(Explain, an_error_names_the_clause_that_erred) {
  Asked asked{.call = "write"};
  asked.arguments.values["size"] = "big";
  json::Value why = explain(
      "    - {name: a, syscalls: [write], arguments: {size: {at_least: 3, less_than: 5}}, action: allow}\n", asked);
  EXPECT_EQ(at(why, "reason"),
            "\"denied: argument \\\"size\\\" is not an integer, which rule p/a (p0.yaml:6:7) compares it with\"");
  EXPECT_NE(at(why, "clauses").find(R"("actual":"big","matched":false,"error":)"), std::string::npos);
  EXPECT_NE(at(why, "allow_with").find(R"("would_pass":3)"), std::string::npos);
  EXPECT_NE(at(why, "allow_with").find(R"("flips":true)"), std::string::npos);
}

TEST(Explain, suggests_a_rule_that_flips_over_a_nearer_one_that_does_not) {
  json::Value why = explain(
      "    - {name: keep, syscalls: [write], paths: [\"/mem/keep/**\"], priority: 5, action: deny}\n"
      "    - {name: a, syscalls: [write], paths: [\"/mem/keep/**\"], action: allow}\n"
      "    - {name: b, syscalls: [write], paths: [\"/mem/free/**\"], action: allow}\n",
      {.call = "write", .path = "/mem/keep/x"});
  EXPECT_NE(at(why, "allow_with").find(R"("rule":"p/b")"), std::string::npos) << at(why, "allow_with");
  EXPECT_NE(at(why, "allow_with").find(R"("would_pass":"/mem/free/x")"), std::string::npos);
  EXPECT_NE(at(why, "allow_with").find(R"("flips":true)"), std::string::npos);
}

TEST(Explain, says_null_when_no_rule_allows_anything) {
  json::Value why = explain("    - {name: d, syscalls: [write], action: deny}\n", {.call = "write"});
  EXPECT_EQ(at(why, "allow_with"), "null");
}

TEST(Explain, an_allow_has_no_suggestion) {
  json::Value why = explain("    - {name: a, syscalls: [read], action: allow}\n", {});
  EXPECT_EQ(at(why, "allow_with"), "(absent)");
}

TEST(Explain, values_that_are_not_text_do_not_break_it) {
  json::Value why = explain("    - {name: a, syscalls: [read], paths: [\"/a\"], action: allow}\n", {.path = "/\xff"});
  EXPECT_TRUE(json::valid_utf8(json::write(why)));
}

TEST(Explain, built_in_programs_explain_themselves) {
  auto none = Program::none(fixture::vocabulary(), 1);
  EXPECT_EQ(at(none->explain(Asked{.call = "exec"}.request()), "rule"), "\"no-policy\"");
  EXPECT_EQ(at(Program::permissive(1)->explain(Asked{}.request()), "rule"), "\"permissive\"");
}

}  // namespace
}  // namespace agentos::policy
