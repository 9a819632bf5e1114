// What policy asks for beside a verdict, carried out by a real kernel: limits, sequences, labels, changed arguments,
// redacted and withheld results, freezing, and reloading all of it.
#include <unistd.h>

#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

std::string policy(const std::string& spec) {
  return "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n" + spec;
}

class Governance : public CallTest {
 protected:
  // A tool that answers its arguments, or the text of "say".
  void add_mirror(const std::string& name, std::int64_t tokens = 0, std::int64_t money_micros = 0) {
    tool::Manifest manifest;
    manifest.cost_tokens = tokens;
    manifest.cost_money_micros = money_micros;
    manifest.name = name;
    manifest.summary = "Answers its arguments.";
    manifest.runs = tool::Runs::kHost;
    auto run = [](const json::Value& arguments, const std::atomic<bool>&) -> Result<json::Value> { return arguments; };
    ASSERT_TRUE(world().kernel().tools().add(manifest, world().kernel().host_executors().make(run)).has_value());
  }
  static json::Object exec(const std::string& tool, json::Object arguments = {}) {
    return {{"tool", tool}, {"arguments", std::move(arguments)}};
  }
};

TEST_P(Governance, a_limit_refuses_the_call_beyond_it_and_gives_its_rule) {
  add_mirror("mirror");
  auto agent = world().agent("limited", policy("  limits:\n    - {name: few, tools: [mirror], at_most: 2, every: 1h}\n"
                                               "  rules:\n    - {name: all, syscalls: [\"*\"], action: allow}\n"));
  agent->must("exec", exec("mirror"));
  agent->must("exec", exec("mirror"));
  EXPECT_EQ(agent->code("exec", exec("mirror")), -2);
  agent->must("exec", exec("echo", {{"text", "x"}}));
  bool recorded = false;
  for (const json::Value& leaf : world().log()) recorded = recorded || leaf.string_or("rule", "") == "p/few";
  EXPECT_TRUE(recorded);
}

TEST_P(Governance, what_a_tool_costs_counts_against_limits_and_the_budget_of_money) {
  add_mirror("dear", 600, 2'000'000);
  add_mirror("free");
  const std::string all = "  rules:\n    - {name: all, syscalls: [\"*\"], action: allow}\n";
  auto tokens = world().agent(
      "tokens", policy("  limits:\n    - {name: few, syscalls: [exec], of: tokens, at_most: 1000, every: 1h}\n" + all));
  tokens->must("exec", exec("dear"));
  EXPECT_EQ(tokens->code("exec", exec("dear")), -2);
  tokens->must("exec", exec("free"));
  auto money = world().agent(
      "money",
      policy("  limits:\n    - {name: few, syscalls: [exec], of: money, at_most: 5000000, every: 1h}\n" + all));
  money->must("exec", exec("dear"));
  money->must("exec", exec("dear"));
  EXPECT_EQ(money->code("exec", exec("dear")), -2);
  abi::Budget budget;
  budget.money_micros = 3'000'000;
  auto poor = world().agent("poor", policy(all), {}, budget);
  poor->must("exec", exec("dear"));
  EXPECT_EQ(poor->code("exec", exec("dear")), -111) << "the budget is used up";
  poor->must("exec", exec("free"));
}

TEST_P(Governance, a_call_that_was_refused_counts_nothing) {
  auto agent = world().agent("limited", policy("  limits:\n    - {name: few, syscalls: [exec], at_most: 1, every: 1h}\n"
                                               "  rules:\n    - {name: all, syscalls: [\"*\"], action: allow}\n"));
  EXPECT_EQ(agent->code("exec", exec("calculate", {{"nonsense", 1}})), -100);
  agent->must("exec", exec("echo", {{"text", "x"}}));
  EXPECT_EQ(agent->code("exec", exec("echo", {{"text", "x"}})), -2);
}

TEST_P(Governance, what_was_done_before_decides_and_children_remember_it) {
  add_mirror("inbox");
  add_mirror("mail");
  auto agent =
      world().agent("flow", policy("  sequences:\n    saw: {steps: [{tools: [inbox]}], until: [{tools: [clock]}]}\n"
                                   "  rules:\n    - {name: all, syscalls: [\"*\"], action: allow}\n"
                                   "    - {name: no-mail, tools: [mail], after: [saw], action: deny}\n"));
  agent->must("exec", exec("mail"));
  agent->must("exec", exec("inbox"));
  EXPECT_EQ(agent->code("exec", exec("mail")), -2);
  const json::Value child = agent->must("fork", {{"name", "kid"}});
  agent->must("attach", {{"agent", child.string_or("agent", "")}});
  auto descriptors = agent->take_descriptors();
  ASSERT_EQ(descriptors.size(), 1u);
  auto kid = world().over(std::move(descriptors[0]));
  EXPECT_EQ(kid->code("exec", exec("mail")), -2) << "a child does not forget for its parent";
  agent->must("exec", exec("clock"));
  agent->must("exec", exec("mail"));
}

TEST_P(Governance, documents_of_the_original_decide_beside_native_ones) {
  add_mirror("mirror");
  auto agent =
      world().agent("old",
                    "name: old\ndefaults: {action: deny}\nrules:\n"
                    "  - {name: mirrors, condition: {field: tool_name, operator: eq, value: mirror}, action: allow}\n"
                    "  - {name: big, condition: {field: n, operator: gt, value: 5}, action: deny, priority: 1}\n"
                    "  - {name: data, condition: {field: path, operator: matches, value: ^/mem/}, action: allow}\n");
  agent->must("status");
  agent->must("exec", exec("mirror", {{"n", 5}}));
  EXPECT_EQ(agent->code("exec", exec("mirror", {{"n", 6}})), -2);
  EXPECT_EQ(agent->code("exec", exec("echo", {{"text", "x"}})), -2);
  agent->must("write", {{"path", "/mem//working/./a"}, {"data", "x"}});
  EXPECT_EQ(agent->code("write", {{"path", "/mem/../state/a"}, {"data", "x"}}), -2);
  bool recorded = false;
  for (const json::Value& leaf : world().log()) recorded = recorded || leaf.string_or("rule", "") == "old/big";
  EXPECT_TRUE(recorded);
}

TEST_P(Governance, the_history_of_a_run_is_counted) {
  auto agent = world().agent(
      "counted", policy("  rules:\n    - {name: all, syscalls: [write, status], action: allow}\n"
                        "    - {name: two, syscalls: [stat], when: 'history.calls[\"stat\"] < 2', action: allow}\n"));
  agent->must("write", {{"path", "/mem/working/a"}, {"data", "x"}});
  agent->must("stat", {{"path", "/mem/working/a"}});
  agent->must("stat", {{"path", "/mem/working/a"}});
  EXPECT_EQ(agent->code("stat", {{"path", "/mem/working/a"}}), -2);
}

TEST_P(Governance, labels_stay_with_the_run_and_decide) {
  auto agent = world().agent(
      "labelled",
      policy("  rules:\n    - {name: all, syscalls: [\"*\"], action: allow}\n"
             "    - {name: private, syscalls: [read], paths: [\"/mem/working/secret\"], action: allow, obligations: "
             "[{label: [private]}]}\n"
             "    - {name: no-send, syscalls: [send], when: '\"private\" in labels', action: deny}\n"));
  agent->must("write", {{"path", "/mem/working/secret"}, {"data", "x"}});
  agent->must("send", {{"target", agent->id()}, {"data", "hello"}});
  agent->must("read", {{"path", "/mem/working/secret"}});
  EXPECT_EQ(agent->code("send", {{"target", agent->id()}, {"data", "hello"}}), -2);
}

TEST_P(Governance, arguments_are_changed_before_the_call_and_recorded_as_changed) {
  add_mirror("mirror");
  auto agent = world().agent("bounded",
                             policy("  rules:\n    - name: all\n      syscalls: [\"*\"]\n      action: allow\n"
                                    "    - name: cap\n      tools: [mirror]\n      action: allow\n      obligations:\n"
                                    "        - transform: {amount: 'args.amount > 10 ? 10 : args.amount'}\n"));
  const json::Value reply = agent->must("exec", exec("mirror", {{"amount", 500}, {"to", "x"}}));
  EXPECT_EQ(reply.find("result")->int_or("amount", 0), 10);
  EXPECT_EQ(reply.find("result")->string_or("to", ""), "x");
  EXPECT_EQ(agent->code("exec", exec("mirror", {{"to", "x"}})), -2) << "what cannot be computed is denied";
}

TEST_P(Governance, results_are_redacted_or_withheld) {
  add_mirror("mirror");
  auto agent = world().agent(
      "reader",
      policy("  rules:\n    - {name: all, syscalls: [\"*\"], action: allow}\n"
             "    - name: secrets\n      phase: result\n      syscalls: [exec, read]\n      action: allow\n"
             "      obligations:\n        - redact: {members: [password], matching: \"sk-[a-z0-9]+\"}\n"
             "    - name: big\n      phase: result\n      syscalls: [exec]\n      when: 'result.size > 2000'\n"
             "      action: deny\n      message: Too much.\n"));
  const json::Value reply = agent->must("exec", exec("mirror", {{"password", "x"}, {"note", "use sk-abc1"}}));
  EXPECT_EQ(reply.find("result")->string_or("password", ""), "[redacted]");
  EXPECT_EQ(reply.find("result")->string_or("note", ""), "use [redacted]");
  auto withheld = agent->call("exec", exec("mirror", {{"text", std::string(3000, 'x')}}));
  ASSERT_FALSE(withheld.has_value());
  EXPECT_EQ(static_cast<int>(withheld.error().code), -2);
  EXPECT_EQ(withheld.error().message, "Too much.");
  agent->must("write", {{"path", "/mem/working/key"}, {"data", "key sk-zzz"}});
  EXPECT_EQ(agent->must("read", {{"path", "/mem/working/key"}}).string_or("data", ""), "key [redacted]");
}

TEST_P(Governance, tools_are_listed_when_some_call_of_them_could_be_allowed) {
  add_mirror("mirror");
  auto agent =
      world().agent("lister", policy("  rules:\n    - {name: self, syscalls: [tools], action: allow}\n"
                                     "    - {name: some, tools: [mirror], when: args.amount < 3, action: allow}\n"
                                     "    - {name: clock, tools: [clock], action: allow}\n"
                                     "    - {name: hide, phase: list, tools: [clock], action: deny}\n"));
  std::string names;
  for (const json::Value& tool : agent->must("tools").find("tools")->as_array()) {
    names += std::string(tool.string_or("name", "")) + " ";
  }
  EXPECT_EQ(names, "mirror ");
}

TEST_P(Governance, a_reload_is_all_or_nothing_and_keeps_what_a_limit_counted) {
  add_mirror("mirror");
  auto boss = world().operator_caller();
  const auto load = [&](const std::string& text) {
    return boss->code("policy_load", {{"documents", json::Array{json::Object{{"file", "k.yaml"}, {"text", text}}}}});
  };
  const std::string limited =
      "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: kernel}\nspec:\n  limits:\n"
      "    - {name: few, tools: [mirror], at_most: 2, every: 1h}\n  rules:\n"
      "    - {name: all, syscalls: [\"*\"], action: allow}\n";
  ASSERT_EQ(load(limited), 0);
  auto agent = world().agent("reloaded");
  agent->must("exec", exec("mirror"));
  const std::int64_t epoch = agent->must("getpolicy").int_or("epoch", 0);
  EXPECT_NE(load("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: kernel}\nspec: {rules: [{nmae: x}]}\n"), 0);
  // It does not go together with the document the agent brought.
  EXPECT_NE(load("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: test}\nspec: {rules: []}\n"), 0);
  EXPECT_EQ(agent->must("getpolicy").int_or("epoch", 0), epoch);
  ASSERT_EQ(load(limited), 0);
  EXPECT_EQ(agent->must("getpolicy").int_or("epoch", 0), epoch + 1);
  agent->must("exec", exec("mirror"));
  EXPECT_EQ(agent->code("exec", exec("mirror")), -2);
}

TEST_P(Governance, only_those_a_rule_names_may_grant_its_approval) {
  const auto asks = [](const std::string& approver) {
    return policy("  rules:\n    - name: ask\n      syscalls: [status]\n      action: ask\n      ask: {approvers: [\"" +
                  approver + "\"]}\n");
  };
  auto boss = world().operator_caller();
  const auto waiting = [&]() -> std::string {
    for (int i = 0; i < 200; ++i) {
      const json::Value reply = boss->must("approvals");
      const json::Array& list = reply.find("approvals")->as_array();
      if (!list.empty()) return std::string(list[0].string_or("approval", ""));
      usleep(10'000);
    }
    return {};
  };
  auto stranger = world().agent("one", asks("nobody-at-all"));
  std::uint64_t call = stranger->start_call("status", {});
  const std::string first = waiting();
  EXPECT_NE(boss->code("approve", {{"approval", first}, {"granted", true}}), 0);
  EXPECT_EQ(boss->code("approve", {{"approval", first}, {"granted", false}}), 0);
  EXPECT_FALSE(stranger->finish_call(call).has_value());
  auto known = world().agent("two", asks(std::to_string(getuid())));
  call = known->start_call("status", {});
  EXPECT_EQ(boss->code("approve", {{"approval", waiting()}, {"granted", true}}), 0);
  EXPECT_TRUE(known->finish_call(call).has_value());
}

AGENTOS_BOTH_WAYS(Governance);

}  // namespace
}  // namespace agentos::test
