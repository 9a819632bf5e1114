// The semantics of a compiled set: clauses, priorities, combining, defaults, failing closed.
#include <gtest/gtest.h>

#include "lib/policy/fixture.h"

namespace agentos::policy {
namespace {

using fixture::Asked;
using fixture::compile;
using fixture::document;

std::shared_ptr<const Program> program_of(const std::vector<std::string>& texts, std::uint64_t epoch = 1) {
  auto program = compile(texts, epoch);
  EXPECT_TRUE(program) << program.error().message << " | " << program.error().hint;
  return program ? *program : Program::none(fixture::vocabulary(), 0);
}
std::shared_ptr<const Program> rules(const std::string& text) { return program_of({document("p", text)}); }

std::shared_ptr<const Program> prioritized(const std::string& text) {
  return program_of({document("p", text, "  combining: priority_first_match\n")});
}

std::string rule(const std::shared_ptr<const Program>& program, const Asked& asked) {
  return std::string(program->decide(asked.request()).rule);
}
using fixture::kAllow;
using fixture::kAsk;
using fixture::kDeny;
using fixture::verdict;

TEST(Program, denies_by_default_and_says_so) {
  auto program = rules("    - {name: r, syscalls: [read], action: allow}\n");
  Decision decision = program->decide(Asked{.call = "write"}.request());
  EXPECT_EQ(decision.verdict, kDeny);
  EXPECT_EQ(decision.rule, "default-deny");
  EXPECT_EQ(decision.policy, "");
  EXPECT_EQ(decision.reason, "no rule of the 1 policies in force allows this write; default deny");
  EXPECT_EQ(decision.message, "No policy rule allows this write; getpolicy shows what is allowed.");
  EXPECT_EQ(verdict(rules("    []\n"), {}), kDeny);
}

TEST(Program, a_decision_names_policy_rule_place_and_epoch) {
  auto program = program_of({document("p",
                                      "    - name: r\n      syscalls: [write]\n      action: ask\n      reason: big\n"
                                      "      message: wait\n      obligations: [audit, notify]\n"
                                      "      ask: {timeout: 90s}\n")},
                            42);
  Decision decision = program->decide(Asked{.call = "write"}.request());
  EXPECT_EQ(decision.verdict, kAsk);
  EXPECT_EQ(decision.policy, "p");
  EXPECT_EQ(decision.rule, "p/r");
  EXPECT_EQ(decision.epoch, 42u);
  EXPECT_EQ(decision.reason, "approval asked for by rule p/r (p0.yaml:6:7): big");
  EXPECT_EQ(decision.message, "wait");
  EXPECT_EQ(decision.ask_timeout_ms, 90'000);
  EXPECT_EQ(decision.obligations, Obligation::kAudit | Obligation::kNotify);
}

TEST(Program, clauses_are_matched_all_together) {
  auto program = rules(
      "    - {name: tool, syscalls: [exec], tools: [echo, \"git_*\"], action: allow}\n"
      "    - {name: file, syscalls: [read], paths: [\"/mem/**\"], agents: [demo], rings: [2, 3], action: allow}\n"
      "    - {name: any, syscalls: [\"*\"], agents: [\"root-*\"], action: allow}\n");
  EXPECT_EQ(verdict(program, {.call = "exec", .tool = "echo"}), kAllow);
  EXPECT_EQ(verdict(program, {.call = "exec", .tool = "git_push"}), kAllow);
  EXPECT_EQ(verdict(program, {.call = "exec", .tool = "rm"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "exec"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/mem/a"}), kAllow);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/memory"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/mem/a", .ring = 1}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/mem/a", .ring = -1}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/mem/a", .ring = 64}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/mem/a", .name = "other"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/mem/a", .agent = "demo", .name = "x"}), kAllow);
  EXPECT_EQ(verdict(program, {.call = "ps", .agent = "root-1"}), kAllow);
}

TEST(Program, a_rename_needs_both_its_paths_to_be_allowed_and_one_to_be_denied) {
  auto program = rules(
      "    - {name: keep, syscalls: [rename], paths: [\"/mem/keep/**\"], action: deny}\n"
      "    - {name: mem, syscalls: [rename], paths: [\"/mem/**\"], action: allow}\n");
  EXPECT_EQ(verdict(program, {.call = "rename", .path = "/mem/a", .path_to = "/mem/b"}), kAllow);
  EXPECT_EQ(verdict(program, {.call = "rename", .path = "/mem/a", .path_to = "/other/b"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "rename", .path = "/other/a", .path_to = "/mem/b"}), kDeny);
  EXPECT_EQ(rule(program, {.call = "rename", .path = "/mem/a", .path_to = "/mem/keep/b"}), "p/keep");
  EXPECT_EQ(rule(program, {.call = "rename", .path = "/mem/keep/a", .path_to = "/mem/b"}), "p/keep");
}

TEST(Program, targets_know_self_children_parent_and_none) {
  auto only = [](const char* word) {
    return rules(std::string("    - {name: r, syscalls: [signal], targets: [") + word + "], action: allow}\n");
  };
  const Asked self{.call = "signal", .target = "demo-1"};
  const Asked child{.call = "signal", .target = "demo-2", .target_parent = "demo-1"};
  const Asked parent{.call = "signal", .target = "boss-1", .parent = "boss-1"};
  const Asked stranger{.call = "signal", .target = "other-1", .target_parent = "other-0"};
  const Asked none{.call = "signal"};
  const Asked orphan{.call = "signal", .target = "x", .agent = "", .name = ""};
  EXPECT_EQ(verdict(only("self"), self), kAllow);
  EXPECT_EQ(verdict(only("self"), child), kDeny);
  EXPECT_EQ(verdict(only("self"), none), kDeny);
  EXPECT_EQ(verdict(only("children"), child), kAllow);
  EXPECT_EQ(verdict(only("children"), self), kDeny);
  EXPECT_EQ(verdict(only("children"), stranger), kDeny);
  EXPECT_EQ(verdict(only("children"), orphan), kDeny);
  EXPECT_EQ(verdict(only("parent"), parent), kAllow);
  EXPECT_EQ(verdict(only("parent"), stranger), kDeny);
  EXPECT_EQ(verdict(only("none"), none), kAllow);
  EXPECT_EQ(verdict(only("none"), self), kDeny);
  EXPECT_EQ(verdict(only("\"other-*\""), stranger), kAllow);
}

TEST(Program, arguments_compare_by_type) {
  auto with = [](const std::string& condition, fixture::MapArguments::Argument value) {
    Asked asked{.call = "write"};
    asked.arguments.values["n"] = std::move(value);
    return verdict(rules("    - {name: r, syscalls: [write], arguments: {n: {" + condition + "}}, action: allow}\n"),
                   asked);
  };
  EXPECT_EQ(with("equals: a", "a"), kAllow);
  EXPECT_EQ(with("equals: a", "ab"), kDeny);
  EXPECT_EQ(with("equals: 3", std::int64_t{3}), kAllow);
  EXPECT_EQ(with("in: [a, c, b]", "b"), kAllow);
  EXPECT_EQ(with("in: [a, c]", "b"), kDeny);
  EXPECT_EQ(with("in: [9, 1]", std::int64_t{9}), kAllow);
  EXPECT_EQ(with("prefix: ab", "abc"), kAllow);
  EXPECT_EQ(with("prefix: ab", "a"), kDeny);
  EXPECT_EQ(with("less_than: 3", std::int64_t{2}), kAllow);
  EXPECT_EQ(with("less_than: 3", std::int64_t{3}), kDeny);
  EXPECT_EQ(with("at_most: 3", std::int64_t{3}), kAllow);
  EXPECT_EQ(with("greater_than: 3", std::int64_t{3}), kDeny);
  EXPECT_EQ(with("greater_than: 3", std::int64_t{4}), kAllow);
  EXPECT_EQ(with("at_least: 3", std::int64_t{3}), kAllow);
  EXPECT_EQ(with("at_least: 3, less_than: 5", std::int64_t{4}), kAllow);
  EXPECT_EQ(with("at_least: 3, less_than: 5", std::int64_t{5}), kDeny);
}

TEST(Program, an_absent_argument_makes_the_condition_false) {
  auto program = rules(
      "    - {name: d, syscalls: [write], arguments: {n: {equals: a}}, action: deny}\n"
      "    - {name: a, syscalls: [write], action: allow}\n");
  EXPECT_EQ(verdict(program, {.call = "write"}), kAllow);
  Asked asked{.call = "write"};
  Request request = asked.request();
  request.arguments = nullptr;
  EXPECT_EQ(program->decide(request).verdict, kAllow);
}

TEST(Program, an_argument_of_another_type_denies_whatever_the_action) {
  for (const char* action : {"allow", "deny", "ask"}) {
    for (fixture::MapArguments::Argument wrong :
         {fixture::MapArguments::Argument(std::int64_t{3}), fixture::MapArguments::Argument()}) {
      auto program = rules(std::string("    - {name: open, syscalls: [write], action: allow}\n"
                                       "    - {name: r, syscalls: [write], arguments: {n: {equals: a}}, action: ") +
                           action + "}\n");
      Asked asked{.call = "write"};
      asked.arguments.values["n"] = wrong;
      Decision decision = program->decide(asked.request());
      EXPECT_EQ(decision.verdict, kDeny) << action;
      EXPECT_EQ(decision.rule, "p/r");
      EXPECT_EQ(decision.reason,
                "denied: argument \"n\" is not a string, which rule p/r (p0.yaml:7:7) compares it with");
      EXPECT_EQ(decision.message, "Policy denies this call: its argument \"n\" must be a string.");
    }
  }
}

TEST(Program, a_clause_that_is_false_keeps_an_error_from_mattering) {
  auto program = rules(
      "    - {name: r, syscalls: [write], arguments: {n: {equals: a}, m: {equals: b}}, action: deny}\n"
      "    - {name: open, syscalls: [write], action: allow}\n");
  Asked asked{.call = "write"};
  asked.arguments.values["n"] = std::int64_t{3};
  asked.arguments.values["m"] = "c";
  EXPECT_EQ(verdict(program, asked), kAllow);
  asked.arguments.values["m"] = "b";
  EXPECT_EQ(verdict(program, asked), kDeny);
}

TEST(Program, priority_comes_first_then_deny_over_ask_over_allow_then_the_first_written) {
  auto program = prioritized(
      "    - {name: a1, syscalls: [read, write, stat], action: allow}\n"
      "    - {name: a2, syscalls: [read, write, stat], action: allow}\n"
      "    - {name: k, syscalls: [write, stat], action: ask}\n"
      "    - {name: d, syscalls: [stat], action: deny}\n"
      "    - {name: up, syscalls: [stat], agents: [vip], priority: 1, action: allow}\n"
      "    - {name: low, syscalls: [read], priority: -1, action: deny}\n");
  EXPECT_EQ(rule(program, {.call = "read"}), "p/a1");
  EXPECT_EQ(rule(program, {.call = "write"}), "p/k");
  EXPECT_EQ(rule(program, {.call = "stat"}), "p/d");
  EXPECT_EQ(rule(program, {.call = "stat", .name = "vip"}), "p/up");
}

TEST(Program, an_error_below_the_deciding_priority_is_not_reached) {
  auto program = prioritized(
      "    - {name: up, syscalls: [write], priority: 1, action: allow}\n"
      "    - {name: r, syscalls: [write], arguments: {n: {equals: a}}, action: deny}\n");
  Asked asked{.call = "write"};
  asked.arguments.values["n"] = std::int64_t{3};
  EXPECT_EQ(rule(program, asked), "p/up");
}

TEST(Program, across_documents_deny_overrides_ask_overrides_allow) {
  const std::string allow =
      document("allow", "    - {name: r, syscalls: [read, write, stat], priority: 9, action: allow}\n");
  const std::string ask = document("ask", "    - {name: r, syscalls: [write, stat], action: ask}\n");
  const std::string deny = document("deny", "    - {name: r, syscalls: [stat], priority: -9, action: deny}\n");
  for (const auto& set :
       {std::vector{allow, ask, deny}, std::vector{deny, ask, allow}, std::vector{ask, deny, allow}}) {
    auto program = program_of(set);
    EXPECT_EQ(rule(program, {.call = "read"}), "allow/r");
    EXPECT_EQ(rule(program, {.call = "write"}), "ask/r");
    EXPECT_EQ(rule(program, {.call = "stat"}), "deny/r");
    EXPECT_EQ(rule(program, {.call = "list"}), "default-deny");
  }
}

TEST(Program, a_document_for_other_agents_is_as_if_it_were_not_there) {
  auto program = program_of({document("mine", "    - {name: r, syscalls: [read], action: allow}\n"),
                             document("theirs", "    - {name: r, syscalls: [\"*\"], action: deny}\n",
                                      "  agents: [\"other\", \"guest-*\"]\n")});
  EXPECT_EQ(verdict(program, {}), kAllow);
  EXPECT_EQ(rule(program, {.name = "other"}), "theirs/r");
  EXPECT_EQ(rule(program, {.agent = "guest-7"}), "theirs/r");
}

TEST(Program, a_call_outside_the_vocabulary_is_denied_even_by_a_star) {
  auto program = rules("    - {name: r, syscalls: [\"*\"], action: allow}\n");
  EXPECT_EQ(verdict(program, {.call = "ps"}), kAllow);
  Decision decision = program->decide(Asked{.call = "nonsense"}.request());
  EXPECT_EQ(decision.verdict, kDeny);
  EXPECT_EQ(decision.message, "This kernel has no such call.");
  Request far = Asked{}.request();
  far.call = 65535;
  EXPECT_EQ(program->decide(far).verdict, kDeny);
}

TEST(Program, observing_alone_allows_and_tells_what_it_would_have_done) {
  auto program = program_of({document("trial",
                                      "    - {name: r, syscalls: [read], action: allow}\n"
                                      "    - {name: d, syscalls: [write], action: deny, obligations: [kill, audit]}\n"
                                      "    - {name: k, syscalls: [stat], action: ask}\n",
                                      "  agents: [demo]\n  mode: observe\n")});
  Decision decision = program->decide(Asked{.call = "write"}.request());
  EXPECT_EQ(decision.verdict, kAllow);
  EXPECT_EQ(decision.rule, "trial/d");
  EXPECT_EQ(decision.reason, "would deny: denied by rule trial/d (p0.yaml:9:7)");
  EXPECT_EQ(decision.message, "");
  EXPECT_EQ(decision.obligations, Obligation::kAudit);
  decision = program->decide(Asked{.call = "stat"}.request());
  EXPECT_EQ(decision.verdict, kAllow);
  EXPECT_EQ(decision.reason, "would ask: approval asked for by rule trial/k (p0.yaml:10:7)");
  EXPECT_EQ(decision.ask_timeout_ms, 0);
  decision = program->decide(Asked{.call = "list"}.request());
  EXPECT_EQ(decision.verdict, kAllow);
  EXPECT_EQ(decision.rule, "default-deny");
  EXPECT_EQ(decision.reason, "would deny: no rule of the 1 policies in force allows this list; default deny");
  EXPECT_EQ(program->decide(Asked{.call = "read"}.request()).reason, "allowed by rule trial/r (p0.yaml:8:7)");
  EXPECT_EQ(verdict(program, {.call = "read", .name = "other"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "nonsense"}), kDeny);
}

TEST(Program, observing_beside_enforcing_never_changes_the_verdict) {
  auto program = program_of({document("base", "    - {name: r, syscalls: [read, write], action: allow}\n"),
                             document("trial",
                                      "    - {name: d, syscalls: [write], action: deny, obligations: [kill]}\n"
                                      "    - {name: more, syscalls: [stat], action: allow}\n",
                                      "  mode: observe\n")});
  Decision decision = program->decide(Asked{.call = "write"}.request());
  EXPECT_EQ(decision.verdict, kAllow);
  EXPECT_EQ(decision.rule, "base/r");
  EXPECT_EQ(decision.reason, "would deny: denied by rule trial/d (p1.yaml:7:7)");
  EXPECT_EQ(decision.obligations, Obligation::kNone);
  EXPECT_EQ(program->decide(Asked{.call = "read"}.request()).reason, "allowed by rule base/r (p0.yaml:6:7)");
  EXPECT_EQ(verdict(program, {.call = "stat"}), kDeny);
}

TEST(Program, no_policy_allows_only_self_scoped_calls) {
  auto program = Program::none(fixture::vocabulary(), 5);
  EXPECT_TRUE(program->is_none());
  for (const auto& call : fixture::vocabulary().calls) {
    const bool self_scoped = call.name == "exit" || call.name == "read" || call.name == "write" ||
                             call.name == "open" || call.name == "close" || call.name == "stat";
    Decision decision = program->decide(Asked{.call = std::string(call.name)}.request());
    EXPECT_EQ(decision.verdict, self_scoped ? kAllow : kDeny) << call.name;
    EXPECT_EQ(decision.rule, "no-policy");
    EXPECT_EQ(decision.epoch, 5u);
  }
  EXPECT_EQ(verdict(program, {.call = "read", .target = "other-1"}), kDeny);
}

TEST(Program, permissive_allows_everything_and_says_so) {
  auto program = Program::permissive(6);
  EXPECT_FALSE(program->is_none());
  Decision decision = program->decide(Asked{.call = "spawn"}.request());
  EXPECT_EQ(decision.verdict, kAllow);
  EXPECT_EQ(decision.rule, "permissive");
  EXPECT_EQ(decision.epoch, 6u);
}

TEST(Program, a_document_far_behind_others_is_found) {
  std::vector<std::string> set;
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int j = 0; j < 20; ++j) text += "    - {name: r" + std::to_string(j) + ", syscalls: [read], action: allow}\n";
    set.push_back(document("p" + std::to_string(i), text));
  }
  set.push_back(document("last", "    - {name: d, syscalls: [read], paths: [\"/x/*\"], action: deny}\n"));
  auto program = program_of(set);
  EXPECT_EQ(rule(program, {.path = "/y/1"}), "p0/r0");
  EXPECT_EQ(rule(program, {.path = "/x/1"}), "last/d");
}

TEST(Program, summary_and_visible_rules_say_what_they_should_and_no_more) {
  auto program =
      program_of({document("p",
                           "    - {name: t, syscalls: [exec], tools: [hidden_tool], action: deny}\n"
                           "    - {name: e, syscalls: [exec], tools: [echo], action: allow, reason: secret}\n"
                           "    - {name: o, syscalls: [read], agents: [other], action: allow}\n"
                           "    - {name: z, syscalls: [read], rings: [0], action: allow}\n")});
  json::Value summary = program->summary();
  const json::Value& entry = summary.find("documents")->as_array().at(0);
  EXPECT_EQ(entry.string_or("name", ""), "p");
  EXPECT_EQ(entry.int_or("rules", 0), 4);
  EXPECT_EQ(entry.string_or("digest", "").substr(0, 7), "sha256:");
  EXPECT_EQ(entry.string_or("digest", "").size(), 7u + 64u);
  std::string visible = json::write(program->visible_to(Asked{}.request().principal));
  EXPECT_EQ(visible, R"({"epoch":1,"default":"deny","policies":[{"name":"p","mode":"enforce","rules":[)"
                     R"({"name":"t","action":"deny","syscalls":["exec"],"tools_withheld":true,)"
                     R"("message":"Policy denies this call; getpolicy shows what is allowed."},)"
                     R"({"name":"e","action":"allow","syscalls":["exec"],"tools":["echo"]}]}]})");
}

}  // namespace
}  // namespace agentos::policy
