// What documents can say beyond lists: expressions and their types, phases, strategies, scopes, windows, the past,
// limits, obligations with values, extending, freezing.
#include <gtest/gtest.h>

#include <set>

#include "lib/policy/expression.h"
#include "lib/policy/fixture.h"
#include "lib/policy/redaction.h"
#include "lib/policy/request_view.h"

namespace agentos::policy {
namespace {

using fixture::Asked;
using fixture::document;

Vocabulary typed_vocabulary() {
  Vocabulary words = fixture::vocabulary();
  for (Vocabulary::Call& call : words.calls) {
    const Vocabulary table = table_vocabulary();
    for (const Vocabulary::Call& row : table.calls) {
      if (row.name == call.name) call = row;
    }
  }
  auto schema = json::parse(
      R"({"type": "object", "additionalProperties": false, "required": ["to", "amount"], "properties": {
          "to": {"type": "string"}, "amount": {"type": "integer"}, "rate": {"type": "number"},
          "options": {"type": "object", "additionalProperties": false, "properties": {"urgent": {"type": "boolean"}}}}})");
  words.tools.push_back({"pay", std::move(*schema), {}});
  return words;
}

Result<std::shared_ptr<const Program>> compile(const std::vector<std::string>& texts) {
  static const Vocabulary words = typed_vocabulary();
  std::vector<Source> sources;
  for (const std::string& text : texts) sources.push_back({text, "p" + std::to_string(sources.size()) + ".yaml"});
  return Program::compile(sources, words, 7);
}
std::shared_ptr<const Program> program_of(const std::vector<std::string>& texts) {
  auto program = compile(texts);
  EXPECT_TRUE(program) << program.error().message << " | " << program.error().hint;
  return program ? *program : Program::none(fixture::vocabulary(), 0);
}
std::shared_ptr<const Program> with_rules(const std::string& rules, const std::string& spec = {}) {
  return program_of({document("p", rules, spec)});
}
Error refusal(const std::string& rules, const std::string& spec = {}) {
  auto program = compile({document("p", rules, spec)});
  if (program) return {ErrorCode::kInternal, "accepted", ""};
  return program.error();
}

struct FakePast final : Past {
  std::set<std::uint32_t> used_up;
  std::set<std::uint32_t> sequences;
  std::map<std::string, std::int64_t, std::less<>> counts;
  mutable std::vector<std::string> subjects;
  bool limit_allows(std::uint32_t limit, std::string_view subject) const override {
    subjects.emplace_back(subject);
    return !used_up.contains(limit);
  }
  bool happened(std::uint32_t sequence) const override { return sequences.contains(sequence); }
  std::int64_t count(std::string_view key) const override {
    auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
  }
};

std::string decide(const std::shared_ptr<const Program>& program, const Request& request) {
  const Decision decision = program->decide(request);
  const char* verdict = decision.verdict == Verdict::kAllow ? "allow"
                        : decision.verdict == Verdict::kAsk ? "ask"
                                                            : "deny";
  return std::string(verdict) + " " + std::string(decision.rule);
}
std::string decide(const std::shared_ptr<const Program>& program, const Asked& asked) {
  return decide(program, asked.request());
}
Asked paying(std::int64_t amount, const char* to = "shop") {
  Asked asked{.call = "exec", .tool = "pay"};
  asked.arguments.values["amount"] = amount;
  asked.arguments.values["to"] = to;
  return asked;
}

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
