// What documents say about the past, limits, obligations, phases, freezing, extending and agents; and explanations.
#include <gtest/gtest.h>

#include "lib/policy/expression.h"
#include "lib/policy/language_fixture.h"
#include "lib/policy/redaction.h"
#include "lib/policy/request_view.h"

namespace agentos::policy {
namespace {

using fixture::Asked;
using fixture::document;
using namespace language;

TEST(Language, sequences_tell_their_steps_and_rules_ask_what_happened) {
  const std::string spec =
      "  sequences:\n    seen: {steps: [{tools: [inbox]}, {tools: [pay], when: args.amount > 3}], until: [{tools: "
      "[forget]}]}\n";
  auto program = with_rules(
      "    - {name: any, syscalls: [exec], action: allow}\n"
      "    - {name: no-mail, tools: [mail], after: [seen], action: deny}\n"
      "    - {name: only-then, syscalls: [read], after: [seen], action: allow}\n"
      "    - {name: not-then, syscalls: [write], not_after: [seen], action: allow}\n",
      spec);
  ASSERT_EQ(program->sequences().size(), 1u);
  EXPECT_EQ(program->sequences()[0].id, "p/seen");
  EXPECT_EQ(program->sequences()[0].steps, 2);
  EXPECT_TRUE(program->needs_past());
  const auto events = [&](const Asked& asked) {
    std::string text;
    program->events(asked.request(), [&](std::uint32_t sequence, std::uint32_t steps, bool until) {
      text += std::to_string(sequence) + ":" + std::to_string(steps) + (until ? "u" : "");
    });
    return text;
  };
  EXPECT_EQ(events({.call = "exec", .tool = "inbox"}), "0:1");
  EXPECT_EQ(events(paying(4)), "0:2");
  EXPECT_EQ(events(paying(3)), "");
  EXPECT_EQ(events({.call = "exec", .tool = "forget"}), "0:0u");
  FakePast past;
  Asked mail{.call = "exec", .tool = "mail"}, read{.call = "read"}, write{.call = "write"};
  for (const bool happened : {false, true}) {
    if (happened) past.sequences.insert(0);
    const auto with = [&](const Asked& asked) {
      Request request = asked.request();
      request.past = &past;
      return decide(program, request);
    };
    EXPECT_EQ(with(mail), happened ? "deny p/no-mail" : "allow p/any");
    EXPECT_EQ(with(read), happened ? "allow p/only-then" : "deny default-deny");
    EXPECT_EQ(with(write), happened ? "deny default-deny" : "allow p/not-then");
  }
  // Whether this is a step cannot be told: nothing may happen.
  EXPECT_EQ(decide(program, Asked{.call = "exec", .tool = "pay"}), "deny p/seen");
}

TEST(Language, a_limit_counts_what_is_allowed_and_overrides_when_used_up) {
  const std::string spec =
      "  limits:\n    - {name: pays, tools: [pay], at_most: 3, every: 1m, per: tool}\n"
      "    - {name: soft, tools: [pay], at_most: 1, every: 1m, action: ask}\n";
  auto program = with_rules("    - {name: r, syscalls: [exec], action: allow}\n", spec);
  ASSERT_EQ(program->limits().size(), 2u);
  EXPECT_EQ(program->limits()[0].id, "p/pays");
  EXPECT_EQ(program->limits()[0].per_us, 60'000'000);
  const Asked asked = paying(1);
  Request request = asked.request();
  FakePast past;
  request.past = &past;
  Decision decision = program->decide(request);
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  ASSERT_EQ(decision.limits_count, 2);
  EXPECT_EQ(past.subjects, (std::vector<std::string>{"pay", "demo-1"}));
  past.used_up = {1};
  EXPECT_EQ(decide(program, request), "ask p/soft");
  past.used_up = {0, 1};
  decision = program->decide(request);
  EXPECT_EQ(decision.verdict, Verdict::kDeny);
  EXPECT_EQ(decision.rule, "p/pays");
  EXPECT_EQ(decision.exceeded, 0);
  const Asked other{.call = "exec", .tool = "echo"};
  request = other.request();
  request.past = &past;
  EXPECT_EQ(program->decide(request).limits_count, 0);
  // A limit that asks allows nothing by itself.
  past.used_up = {1};
  const Asked alone = paying(1);
  request = alone.request();
  request.past = &past;
  EXPECT_EQ(decide(with_rules("    []\n", spec), request), "deny default-deny");
}

TEST(Language, obligations_of_every_rule_that_applied_hold_unless_denied) {
  auto program = with_rules(
      "    - {name: a, syscalls: [read], action: allow}\n"
      "    - {name: b, syscalls: [read], action: allow, obligations: [audit, {label: [private]}]}\n"
      "    - {name: c, syscalls: [\"*\"], action: allow, obligations: [notify, {label: [seen]}]}\n"
      "    - {name: d, syscalls: [write], action: deny, obligations: [kill]}\n");
  Decision decision = program->decide(Asked{.call = "read"}.request());
  EXPECT_EQ(decision.rule, "p/a");
  EXPECT_EQ(decision.obligations, Obligation::kAudit | Obligation::kNotify | Obligation::kLabel);
  ASSERT_EQ(decision.details_count, 2);
  EXPECT_EQ(decision.details[0]->labels, std::vector<std::string>{"private"});
  EXPECT_EQ(decision.details[1]->labels, std::vector<std::string>{"seen"});
  decision = program->decide(Asked{.call = "write"}.request());
  EXPECT_EQ(decision.obligations, Obligation::kKill);
  EXPECT_EQ(decision.details_count, 0);
}

TEST(Language, results_are_allowed_unless_a_rule_of_their_phase_withholds_or_redacts) {
  auto program = with_rules(
      "    - {name: r, syscalls: [exec], action: allow}\n"
      "    - {name: huge, phase: result, syscalls: [exec], when: result.size > 1000, action: deny}\n"
      "    - name: secrets\n      phase: result\n      syscalls: [exec]\n      action: allow\n"
      "      obligations:\n        - redact: {members: [password, user.key], matching: \"sk-[a-z0-9]+\", with: "
      "\"***\"}\n");
  EXPECT_TRUE(program->decides(Phase::kResult));
  const Asked asked = paying(1);
  Request request = asked.request();
  ResultFacts facts;
  facts.size_bytes = 2000;
  request.phase = Phase::kResult;
  request.result = &facts;
  EXPECT_EQ(decide(program, request), "deny p/huge");
  facts.size_bytes = 10;
  const Decision decision = program->decide(request);
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  ASSERT_EQ(decision.details_count, 1);
  auto value = json::parse(
      R"({"password": "x", "user": {"key": 1, "name": "sk-abc and sk-1"}, "key": 2, "list": [{"password": 3}]})");
  EXPECT_EQ(decision.details[0]->redactions[0]->apply(*value), 5u);
  EXPECT_EQ(json::write(*value),
            R"({"password":"***","user":{"key":"***","name":"*** and ***"},"key":2,"list":[{"password":"***"}]})");
  const Asked read{.call = "read"};
  request = read.request();
  request.phase = Phase::kResult;
  request.result = &facts;
  EXPECT_EQ(decide(program, request), "allow default-allow");
}

TEST(Language, a_transform_computes_an_argument) {
  auto program = with_rules(
      "    - {name: r, tools: [pay], action: allow, obligations: [{transform: {amount: 'args.amount > 5 ? 5 : "
      "args.amount'}}]}\n");
  const Asked asked = paying(9);
  const Request request = asked.request();
  const Decision decision = program->decide(request);
  ASSERT_EQ(decision.details_count, 1);
  RequestView view(request);
  const auto value = decision.details[0]->transforms.at(0).value->value(view);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->as_int(), 5);
  EXPECT_EQ(decision.details[0]->transforms.at(0).member, "amount");
}

TEST(Language, a_tool_is_shown_when_some_arguments_could_be_allowed) {
  auto program = with_rules(
      "    - {name: small, tools: [pay], when: args.amount < 100, action: allow}\n"
      "    - {name: never, tools: [pay], when: args.to == \"thief\", action: deny}\n"
      "    - {name: hidden, tools: [rm], action: allow}\n"
      "    - {name: gone, tools: [rm], action: deny}\n"
      "    - {name: list, phase: list, tools: [odd], action: allow}\n"
      "    - {name: unlist, phase: list, tools: [pay], agents: [blind], action: deny}\n");
  const auto listed = [&](const char* tool, const char* name = "demo") {
    const Asked asked{.call = "exec", .tool = tool, .name = name};
    Request request = asked.request();
    request.phase = Phase::kList;
    request.arguments = nullptr;
    return decide(program, request);
  };
  EXPECT_EQ(listed("pay"), "allow p/small");
  EXPECT_EQ(listed("rm"), "deny p/gone");
  EXPECT_EQ(listed("odd"), "allow p/list");
  EXPECT_EQ(listed("pay", "blind"), "deny p/unlist");
  EXPECT_EQ(listed("other"), "deny default-deny");
}

TEST(Language, freezing_stops_what_changes_something) {
  const std::string base = document("base", "    - {name: r, syscalls: [\"*\"], action: allow}\n");
  auto program = program_of({base, document("stop", "    []\n", "  mode: freeze\n  agents: [demo]\n")});
  EXPECT_EQ(decide(program, Asked{.call = "write"}), "deny stop/freeze");
  EXPECT_EQ(decide(program, Asked{.call = "exit"}), "allow base/r");
  EXPECT_EQ(decide(program, Asked{.call = "getpolicy"}), "allow base/r");
  EXPECT_EQ(decide(program, Asked{.call = "write", .name = "other"}), "allow base/r");
  auto one = with_rules(
      "    - {name: all, syscalls: [\"*\"], action: allow}\n"
      "    - {name: w, syscalls: [write], mode: freeze, action: allow}\n");
  EXPECT_EQ(decide(one, Asked{.call = "write"}), "deny p/w");
  EXPECT_EQ(decide(one, Asked{.call = "read"}), "allow p/all");
}

TEST(Language, a_rule_can_observe_beside_others_that_enforce) {
  auto program = with_rules(
      "    - {name: all, syscalls: [\"*\"], action: allow}\n"
      "    - {name: trial, syscalls: [write], mode: observe, action: deny}\n");
  const Decision decision = program->decide(Asked{.call = "write"}.request());
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_EQ(decision.rule, "p/all");
  EXPECT_TRUE(decision.reason.starts_with("would deny: denied by rule p/trial")) << decision.reason;
}

TEST(Language, extending_adds_the_rules_of_others_under_their_names) {
  auto program = with_rules("    - {name: pay, tools: [pay], action: allow}\n", "  extends: [agent-default]\n");
  EXPECT_EQ(decide(program, paying(1)), "allow p/pay");
  EXPECT_EQ(decide(program, Asked{.call = "write", .path = "/mem/a"}), "allow agent-default/files");
  EXPECT_EQ(decide(program, Asked{.call = "write", .path = "/policy/a"}), "deny agent-default/protect-policy");
  EXPECT_NE(refusal("    []\n", "  extends: [agent-defualt]\n").message.find("agent-defualt"), std::string::npos);
  const Error loop = refusal("    []\n", "  extends: [p]\n");
  EXPECT_NE(loop.message.find("8 deep"), std::string::npos) << loop.message;
}

TEST(Language, agents_are_chosen_by_group_label_ring_and_expression) {
  auto program =
      with_rules("    - {name: r, syscalls: [read], action: allow}\n",
                 "  agents: {groups: [ops], labels: [trusted], rings: [2, 3], when: agent.name != \"demo\"}\n");
  const std::vector<std::string> labels = {"group:ops", "trusted"};
  Asked asked{.name = "x"};
  Request request = asked.request();
  EXPECT_EQ(decide(program, request), "deny default-deny");
  request.principal.labels = labels;
  EXPECT_EQ(decide(program, request), "allow p/r");
  request.principal.ring = 1;
  EXPECT_EQ(decide(program, request), "deny default-deny");
  request.principal.ring = 3;
  request.principal.name = "demo";
  EXPECT_EQ(decide(program, request), "deny default-deny");
}

TEST(Language, an_explanation_shows_each_part_of_an_expression_and_a_change_that_flips_it) {
  auto program =
      with_rules("    - {name: r, tools: [pay], when: 'args.amount < 100 && args.to == \"shop\"', action: allow}\n");
  const Asked asked = paying(500);
  const json::Value why = program->explain(asked.request());
  const json::Value* with = why.find("allow_with");
  ASSERT_NE(with, nullptr);
  EXPECT_TRUE(with->bool_or("flips", false)) << json::write(why);
  const json::Array& failed = with->find("failed")->as_array();
  ASSERT_EQ(failed.size(), 1u) << json::write(why);
  EXPECT_EQ(failed[0].string_or("pattern", ""), "args.amount < 100");
  EXPECT_EQ(failed[0].find("actual")->int_or("args.amount", 0), 500);
  EXPECT_EQ(failed[0].find("would_pass")->int_or("amount", 0), 99) << json::write(why);
}

}  // namespace
}  // namespace agentos::policy
