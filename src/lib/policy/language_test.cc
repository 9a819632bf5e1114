// What documents can say beyond lists: expressions and their types, tables, strategies, scopes and windows.
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

TEST(Language, an_expression_decides_on_typed_arguments) {
  auto program = with_rules(
      "    - {name: small, tools: [pay], when: 'args.amount < 100 && args.to in [\"shop\", \"bank\"]', action: allow}\n"
      "    - {name: big, tools: [pay], when: args.amount >= 100, action: ask}\n");
  EXPECT_EQ(decide(program, paying(5)), "allow p/small");
  EXPECT_EQ(decide(program, paying(5, "thief")), "deny default-deny");
  EXPECT_EQ(decide(program, paying(100)), "ask p/big");
}

TEST(Language, an_expression_that_fails_denies_and_says_what_failed) {
  auto program = with_rules("    - {name: r, tools: [pay], when: args.amount < 100, action: allow}\n");
  Asked asked{.call = "exec", .tool = "pay"};
  Decision decision = program->decide(asked.request());
  EXPECT_EQ(decision.verdict, Verdict::kDeny);
  EXPECT_EQ(decision.rule, "p/r");
  EXPECT_NE(decision.failure.find("amount"), std::string::npos) << decision.failure;
  asked.arguments.values["amount"] = "five";
  decision = program->decide(asked.request());
  EXPECT_EQ(decision.verdict, Verdict::kDeny);
  EXPECT_NE(decision.failure.find("another type"), std::string::npos) << decision.failure;
}

TEST(Language, wrong_expressions_are_refused_with_their_place_and_a_hint) {
  struct Case {
    const char* rule;
    const char* message;
    const char* hint;
  };
  const Case cases[] = {
      {"tools: [pay], when: args.amout < 3", "amout", "amount"},
      {"tools: [pay], when: 'args.amount < \"3\"'", "p0.yaml:6:", nullptr},
      {"tools: [pay], when: agnet.name == \"x\"", "agnet", "agent"},
      {"tools: [pay], when: args.amount", "true or false", nullptr},
      {"tools: [pay], when: args.options.urgnt", "urgnt", "urgent"},
      {"syscalls: [write], when: args.pth == \"x\"", "pth", "path"},
      {"syscalls: [write], when: tool.name == \"x\"", "tool", "known for exec"},
      {"phase: list, tools: [pay], when: args.amount < 3", "args", "phases call"},
      {"tools: [pay], when: result.size < 3", "result", "phase result"},
      {"tools: [pay], when: 'args.amount <'", "p0.yaml:6:", nullptr},
  };
  for (const Case& one : cases) {
    const Error error = refusal(std::string("    - {name: r, ") + one.rule + ", action: allow}\n");
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << one.rule;
    EXPECT_NE(error.message.find(one.message), std::string::npos) << error.message;
    EXPECT_TRUE(error.message.starts_with("p0.yaml:6:")) << error.message;
    if (one.hint != nullptr) EXPECT_NE(error.hint.find(one.hint), std::string::npos) << one.rule << ": " << error.hint;
  }
}

TEST(Language, an_error_in_a_block_of_text_has_its_own_line) {
  const Error error = refusal(
      "    - name: r\n      tools: [pay]\n      action: allow\n      when: |\n        args.amount < 3 &&\n"
      "        args.nothing == 1\n");
  EXPECT_TRUE(error.message.starts_with("p0.yaml:11:")) << error.message;
}

TEST(Language, attributes_of_the_agent_and_the_past_are_seen) {
  auto program = with_rules(
      "    - {name: ring, syscalls: [read], when: agent.ring == 3 && !has(agent.parent), action: allow}\n"
      "    - {name: family, syscalls: [stat], when: '\"boss-1\" in agent.chain', action: allow}\n"
      "    - {name: group, syscalls: [list], when: '\"ops\" in agent.groups && \"x\" in agent.labels', action: allow}\n"
      "    - {name: few, tools: [pay], when: 'history.calls[\"pay\"] < 2', action: allow}\n"
      "    - {name: morning, syscalls: [mkdir], when: now.getHours() < 12, action: allow}\n"
      "    - {name: clean, syscalls: [unlink], when: '!(\"secret\" in labels)', action: allow}\n");
  EXPECT_EQ(decide(program, Asked{.call = "read"}), "allow p/ring");
  EXPECT_EQ(decide(program, Asked{.call = "read", .parent = "boss-1"}), "deny default-deny");
  Asked asked{.call = "stat"};
  Request request = asked.request();
  const std::vector<std::string> chain = {"lead-1", "boss-1"}, labels = {"group:ops", "x"}, secret = {"secret"};
  request.principal.chain = chain;
  EXPECT_EQ(decide(program, request), "allow p/family");
  asked.call = "list";
  request = asked.request();
  EXPECT_EQ(decide(program, request), "deny default-deny");
  request.principal.labels = labels;
  EXPECT_EQ(decide(program, request), "allow p/group");
  asked = paying(1);
  request = asked.request();
  FakePast past;
  request.past = &past;
  EXPECT_EQ(decide(program, request), "allow p/few");
  past.counts["pay"] = 2;
  EXPECT_EQ(decide(program, request), "deny default-deny");
  asked = Asked{.call = "mkdir"};
  request = asked.request();
  request.time_us = 9LL * 3600 * 1'000'000;
  EXPECT_EQ(decide(program, request), "allow p/morning");
  request.time_us = 13LL * 3600 * 1'000'000;
  EXPECT_EQ(decide(program, request), "deny default-deny");
  asked = Asked{.call = "unlink"};
  request = asked.request();
  EXPECT_EQ(decide(program, request), "allow p/clean");
  request.principal.flow = secret;
  EXPECT_EQ(decide(program, request), "deny default-deny");
}

TEST(Language, tables_are_data_with_types) {
  const std::string spec = "  tables: {most: {gold: 100, free: 5}, shops: [shop, bank]}\n";
  auto program = with_rules(
      "    - {name: r, tools: [pay], when: 'args.to in table.shops && args.amount <= table.most[\"free\"]', action: "
      "allow}\n",
      spec);
  EXPECT_EQ(decide(program, paying(5)), "allow p/r");
  EXPECT_EQ(decide(program, paying(6)), "deny default-deny");
  EXPECT_NE(
      refusal("    - {name: r, tools: [pay], when: args.to in table.shosp, action: allow}\n", spec).hint.find("shops"),
      std::string::npos);
}

TEST(Language, the_four_strategies_differ_as_they_should) {
  const std::string rules =
      "    - {name: all, syscalls: [\"*\"], action: allow, priority: 5}\n"
      "    - {name: no-write, syscalls: [write], action: deny}\n"
      "    - {name: notes, syscalls: [write], paths: [\"/mem/notes/**\"], action: allow, priority: 1}\n";
  const Asked asked{.call = "write", .path = "/mem/notes/a"};
  EXPECT_EQ(decide(with_rules(rules), asked), "deny p/no-write");
  EXPECT_EQ(decide(with_rules(rules, "  combining: allow_overrides\n"), asked), "allow p/all");
  EXPECT_EQ(decide(with_rules(rules, "  combining: priority_first_match\n"), asked), "allow p/all");
  EXPECT_EQ(decide(with_rules(rules, "  combining: most_specific_wins\n"), asked), "allow p/notes");
}

TEST(Language, a_narrower_scope_only_tightens) {
  const std::string global = document("global", "    - {name: r, syscalls: [read, write], action: allow}\n");
  const std::string agent = document("agent",
                                     "    - {name: more, syscalls: [exec], action: allow}\n"
                                     "    - {name: less, syscalls: [write], action: deny}\n"
                                     "    - {name: ask, syscalls: [read, stat], action: ask}\n",
                                     "  scope: agent\n");
  auto program = program_of({agent, global});
  EXPECT_EQ(decide(program, Asked{.call = "exec"}), "deny default-deny");
  EXPECT_EQ(decide(program, Asked{.call = "write"}), "deny agent/less");
  EXPECT_EQ(decide(program, Asked{.call = "read"}), "ask agent/ask");
  EXPECT_EQ(decide(program, Asked{.call = "stat"}), "deny default-deny");
  EXPECT_EQ(decide(program_of({agent}), Asked{.call = "exec"}), "allow agent/more");
}

TEST(Language, windows_open_and_close) {
  const std::string spec =
      "  windows:\n    office: {days: [thu], from: \"08:00\", to: \"18:00\"}\n"
      "    holiday: {from: \"1970-01-01T12:00:00Z\", to: \"1970-01-01T13:00:00Z\"}\n";
  auto program =
      with_rules("    - {name: r, syscalls: [read], during: [office], outside: [holiday], action: allow}\n", spec);
  Asked asked;
  Request request = asked.request();
  constexpr std::int64_t kHour = 3600LL * 1'000'000;
  for (auto [time, verdict] :
       {std::pair(7 * kHour, "deny default-deny"), std::pair(8 * kHour, "allow p/r"),
        std::pair(12 * kHour, "deny default-deny"), std::pair(13 * kHour, "allow p/r"),
        std::pair(18 * kHour, "deny default-deny"), std::pair(32 * kHour, "deny default-deny")}) {
    request.time_us = time;
    EXPECT_EQ(decide(program, request), verdict) << time / kHour;
  }
  EXPECT_NE(refusal("    - {name: r, syscalls: [read], during: [offcie], action: allow}\n", spec).hint.find("office"),
            std::string::npos);
}

}  // namespace
}  // namespace agentos::policy
