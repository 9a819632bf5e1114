// What an agent tries against the policy it is under: doing through a child, a handle, an odd octet, an error or a
// question what it may not do itself.
#include <unistd.h>

#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

constexpr const char* kAll = "    - {name: all, syscalls: [\"*\"], action: allow}\n";

class Evasion : public CallTest {
 protected:
  static std::string policy(const std::string& spec) {
    return "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n" + spec;
  }
  void add_tool(const std::string& name, tool::HostFunction run) {
    tool::Manifest manifest;
    manifest.name = name;
    manifest.summary = "Does what the test needs.";
    manifest.runs = tool::Runs::kHost;
    ASSERT_TRUE(world().kernel().tools().add(manifest, world().kernel().host_executors().make(run)).has_value());
  }
  void add_mirror(const std::string& name) {
    add_tool(name,
             [](const json::Value& arguments, const std::atomic<bool>&) -> Result<json::Value> { return arguments; });
  }
  static json::Object exec(const std::string& tool, json::Object arguments = {}) {
    return {{"tool", tool}, {"arguments", std::move(arguments)}};
  }
  // A child of `parent` on a connection of its own.
  std::unique_ptr<Caller> child_of(Caller& parent, const std::string& name) {
    const json::Value child = parent.must("fork", {{"name", name}});
    parent.must("attach", {{"agent", child.string_or("agent", "")}});
    auto descriptors = parent.take_descriptors();
    return descriptors.size() == 1 ? world().over(std::move(descriptors[0])) : nullptr;
  }
  std::string waiting_approval(Caller& boss, const std::string& not_this = {}) {
    for (int i = 0; i < 200; ++i) {
      const json::Value reply = boss.must("approvals");
      for (const json::Value& one : reply.find("approvals")->as_array()) {
        if (one.string_or("approval", "") != not_this) return std::string(one.string_or("approval", ""));
      }
      usleep(10'000);
    }
    return {};
  }
};

TEST_P(Evasion, children_use_up_the_limit_of_their_family) {
  add_mirror("mail");
  auto agent = world().agent(
      "many",
      policy(std::string("  limits:\n    - {name: few, tools: [mail], at_most: 2, every: 1h}\n  rules:\n") + kAll));
  auto first = child_of(*agent, "a");
  auto second = child_of(*agent, "b");
  first->must("exec", exec("mail"));
  second->must("exec", exec("mail"));
  EXPECT_EQ(first->code("exec", exec("mail")), -2);
  EXPECT_EQ(agent->code("exec", exec("mail")), -2);
  EXPECT_EQ(child_of(*agent, "c")->code("exec", exec("mail")), -2);
  auto other = world().agent(
      "other",
      policy(std::string("  limits:\n    - {name: few, tools: [mail], at_most: 2, every: 1h}\n  rules:\n") + kAll));
  other->must("exec", exec("mail"));
}

TEST_P(Evasion, what_a_child_did_binds_its_family) {
  add_mirror("inbox");
  add_mirror("mail");
  auto agent = world().agent(
      "flow", policy("  sequences:\n    saw: {steps: [{tools: [inbox]}]}\n  rules:\n"
                     "    - {name: most, syscalls: [fork, attach, status, checkpolicy], action: allow}\n"
                     "    - {name: inbox, tools: [inbox], action: allow}\n"
                     "    - {name: mail, tools: [mail], not_after: [saw], action: allow}\n"
                     "    - {name: stat, syscalls: [stat], when: 'history.calls[\"inbox\"] == 0', action: allow}\n"));
  auto before = child_of(*agent, "before");
  auto reader = child_of(*agent, "reader");
  agent->must("exec", exec("mail"));
  reader->must("exec", exec("inbox"));
  EXPECT_EQ(agent->code("exec", exec("mail")), -2);
  EXPECT_EQ(before->code("exec", exec("mail")), -2);
  EXPECT_EQ(agent->code("stat", {{"path", "/mem"}}), -2);
  reader->must("status");
  reader.reset();  // ending does not undo it
  EXPECT_EQ(agent->code("exec", exec("mail")), -2);
  EXPECT_EQ(child_of(*agent, "after")->code("exec", exec("mail")), -2);
}

TEST_P(Evasion, a_label_a_child_took_is_on_its_family) {
  add_mirror("inbox");
  add_mirror("mail");
  auto agent = world().agent(
      "flow", policy(std::string("  rules:\n") + kAll +
                     "    - {name: private, tools: [inbox], action: allow, obligations: [{label: [private]}]}\n"
                     "    - {name: no-mail, tools: [mail], when: '\"private\" in labels', action: deny}\n"));
  auto reader = child_of(*agent, "reader");
  agent->must("exec", exec("mail"));
  reader->must("exec", exec("inbox"));
  EXPECT_EQ(agent->code("exec", exec("mail")), -2);
}

TEST_P(Evasion, asking_about_a_call_labels_nobody) {
  add_mirror("review");
  add_mirror("deploy");
  auto agent = world().agent(
      "eager", policy("  rules:\n    - {name: most, syscalls: [checkpolicy], action: allow}\n"
                      "    - {name: review, tools: [review], action: allow, obligations: [{label: [reviewed]}]}\n"
                      "    - {name: deploy, tools: [deploy], when: '\"reviewed\" in labels', action: allow}\n"));
  EXPECT_TRUE(agent->must("checkpolicy", {{"call", "exec"}, {"arguments", exec("review")}}).bool_or("allowed", false));
  world().operator_caller()->must("explain", {{"agent", agent->id()}, {"call", "exec"}, {"arguments", exec("review")}});
  EXPECT_EQ(agent->code("exec", exec("deploy")), -2);
  agent->must("exec", exec("review"));
  agent->must("exec", exec("deploy"));
}

TEST_P(Evasion, a_call_that_is_not_carried_out_labels_nobody) {
  add_mirror("deploy");
  auto agent = world().agent(
      "eager", policy("  rules:\n"
                      "    - {name: review, tools: [calculate], action: allow, obligations: [{label: [reviewed]}]}\n"
                      "    - {name: deploy, tools: [deploy], when: '\"reviewed\" in labels', action: allow}\n"));
  EXPECT_EQ(agent->code("exec", exec("calculate", {{"nonsense", 1}})), -100);
  EXPECT_EQ(agent->code("exec", exec("deploy")), -2);
}

TEST_P(Evasion, a_child_escapes_no_rule_by_its_name) {
  add_mirror("mail");
  auto boss = world().operator_caller();
  const std::string kernel =
      "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: kernel}\nspec:\n  rules:\n"
      "    - {name: all, syscalls: [\"*\"], action: allow}\n"
      "    - {name: no-mail, agents: [intern], tools: [mail], action: deny}\n";
  const std::string intern =
      "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: interns}\nspec:\n  agents: [\"intern\"]\n  rules:\n"
      "    - {name: no-clock, tools: [clock], action: deny}\n";
  boss->must("policy_load", {{"documents", json::Array{json::Object{{"file", "k.yaml"}, {"text", kernel}},
                                                       json::Object{{"file", "i.yaml"}, {"text", intern}}}}});
  auto agent = world().agent("intern", "");
  auto child = child_of(*agent, "free");
  auto grandchild = child_of(*child, "freer");
  for (Caller* one : {agent.get(), child.get(), grandchild.get()}) {
    EXPECT_EQ(one->code("exec", exec("mail")), -2);
    EXPECT_EQ(one->code("exec", exec("clock")), -2);
    EXPECT_EQ(one->code("exec", exec("echo", {{"text", "x"}})), 0);
  }
  auto other = world().agent("internal", "");
  EXPECT_EQ(other->code("exec", exec("mail")), 0);
  EXPECT_EQ(child_of(*other, "intern")->code("exec", exec("mail")), 0);
}

TEST_P(Evasion, tools_that_are_none_use_up_no_room_to_count) {
  add_mirror("mail");
  auto agent = world().agent(
      "counted", policy("  rules:\n    - {name: any, syscalls: [exec], when: 'tool.name != \"mail\"', action: allow}\n"
                        "    - {name: two, tools: [mail], when: 'history.calls[\"mail\"] < 2', action: allow}\n"));
  for (int i = 0; i < 600; ++i) EXPECT_NE(agent->code("exec", exec("none-" + std::to_string(i))), 0);
  agent->must("exec", exec("mail"));
  agent->must("exec", exec("mail"));
  EXPECT_EQ(agent->code("exec", exec("mail")), -2);
}

constexpr const char* kRedacts =
    "    - {name: secrets, phase: result, syscalls: [\"*\"], action: allow, obligations: [{redact: {matching: "
    "\"sk-[a-z0-9]+\"}}]}\n";

TEST_P(Evasion, octets_that_are_no_text_are_redacted_too) {
  auto agent = world().agent("cutter", policy(std::string("  rules:\n") + kAll + kRedacts));
  agent->must("write", {{"path", "/mem/working/a"}, {"data", "\u00e9 key sk-zzz end"}});
  // Beginning inside of a character makes the rest no text.
  const json::Value cut = agent->must("read", {{"path", "/mem/working/a"}, {"offset", 1}});
  const json::Value whole = agent->must("read", {{"path", "/mem/working/a"}});
  EXPECT_EQ(whole.string_or("data", ""), "\u00e9 key [redacted] end");
  const json::Value* data = cut.find("data");
  ASSERT_NE(data, nullptr);
  ASSERT_TRUE(data->is_object()) << json::write(cut);
  // base64 of "\xa9 key [redacted] end"
  EXPECT_EQ(data->string_or("base64", ""), "qSBrZXkgW3JlZGFjdGVkXSBlbmQ=") << json::write(cut);
}

TEST_P(Evasion, rules_about_results_read_octets_that_are_no_text) {
  auto agent = world().agent(
      "cutter", policy(std::string("  rules:\n") + kAll +
                       "    - {name: no, phase: result, syscalls: [read], when: 'result.text.contains(\"SECRET\")', "
                       "action: deny}\n"));
  agent->must("write", {{"path", "/mem/working/a"}, {"data", "\u00e9 SECRET"}});
  EXPECT_EQ(agent->code("read", {{"path", "/mem/working/a"}}), -2);
  EXPECT_EQ(agent->code("read", {{"path", "/mem/working/a"}, {"offset", 1}}), -2);
}

TEST_P(Evasion, names_of_members_are_redacted_too) {
  add_mirror("mirror");
  auto agent = world().agent("namer", policy(std::string("  rules:\n") + kAll + kRedacts));
  const std::string shown =
      json::write(agent->must("exec", exec("mirror", {{"sk-one", 1}, {"sk-two", 2}, {"plain", 3}})));
  EXPECT_EQ(shown.find("sk-"), shown.npos) << shown;
  EXPECT_NE(shown.find("\"plain\":3"), shown.npos) << shown;
}

TEST_P(Evasion, errors_are_results_too) {
  add_tool("leaky", [](const json::Value&, const std::atomic<bool>&) -> Result<json::Value> {
    return fail(ErrorCode::kInvalidArgument, "cannot parse: key sk-abc1");
  });
  auto agent = world().agent("failing", policy(std::string("  rules:\n") + kAll + kRedacts));
  auto told = agent->call("exec", exec("leaky"));
  ASSERT_FALSE(told.has_value());
  EXPECT_EQ(static_cast<int>(told.error().code), -500);
  EXPECT_EQ(told.error().message.find("sk-abc1"), std::string::npos) << told.error().message;
  EXPECT_NE(told.error().message.find("[redacted]"), std::string::npos) << told.error().message;
  auto strict =
      world().agent("strict", policy(std::string("  rules:\n") + kAll +
                                     "    - {name: no-errors, phase: result, tools: [leaky], when: 'result.is_error && "
                                     "result.text.contains(\"sk-\")', action: deny, message: Something failed.}\n"));
  auto withheld = strict->call("exec", exec("leaky"));
  ASSERT_FALSE(withheld.has_value());
  EXPECT_EQ(withheld.error().message, "Something failed.");
}

TEST_P(Evasion, a_tool_that_fails_has_been_run_all_the_same) {
  add_tool("inbox", [](const json::Value&, const std::atomic<bool>&) -> Result<json::Value> {
    return fail(ErrorCode::kInvalidArgument, "cannot parse: the whole secret");
  });
  add_mirror("mail");
  add_mirror("review");
  add_tool("failing-review", [](const json::Value&, const std::atomic<bool>&) -> Result<json::Value> {
    return fail(ErrorCode::kInvalidArgument, "not good");
  });
  auto agent =
      world().agent("failing", policy("  sequences:\n    saw: {steps: [{tools: [inbox]}], until: [{tools: [clean]}]}\n"
                                      "    reviewed: {steps: [{tools: [\"*review\"]}]}\n  rules:\n"
                                      "    - {name: some, tools: [inbox, clean, \"*review\"], action: allow}\n"
                                      "    - {name: mail, tools: [mail], not_after: [saw], action: allow}\n"
                                      "    - {name: echo, tools: [echo], after: [reviewed], action: allow}\n"));
  agent->must("exec", exec("mail"));
  EXPECT_NE(agent->code("exec", exec("inbox")), 0);
  EXPECT_EQ(agent->code("exec", exec("mail")), -2) << "its error told something";
  EXPECT_NE(agent->code("exec", exec("clean")), 0);
  EXPECT_EQ(agent->code("exec", exec("mail")), -2) << "what ends it did not happen";
  EXPECT_NE(agent->code("exec", exec("failing-review")), 0);
  EXPECT_EQ(agent->code("exec", exec("echo", {{"text", "x"}})), -2) << "a review that failed is none";
  agent->must("exec", exec("review"));
  agent->must("exec", exec("echo", {{"text", "x"}}));
}

TEST_P(Evasion, the_operators_reasons_and_places_stay_with_the_operator) {
  auto agent = world().agent(
      "curious", policy("  rules:\n    - {name: all, syscalls: [\"*\"], action: allow, reason: Ticket 4711 of Eve}\n"));
  const std::string asked =
      json::write(agent->must("checkpolicy", {{"call", "status"}, {"arguments", json::Object()}}));
  EXPECT_EQ(asked.find("4711"), asked.npos) << asked;
  EXPECT_EQ(asked.find(".yaml"), asked.npos) << asked;
  const std::string shown = json::write(agent->must("getpolicy"));
  EXPECT_EQ(shown.find("4711"), shown.npos) << shown;
  EXPECT_EQ(shown.find("\"file\""), shown.npos) << shown;
}

TEST_P(Evasion, an_approval_is_for_the_file_that_was_asked_about) {
  auto agent = world().agent("swapper", policy("  rules:\n    - {name: most, syscalls: [\"*\"], action: allow}\n"
                                               "    - {name: ask, syscalls: [read], action: ask}\n"));
  auto boss = world().operator_caller();
  agent->must("write", {{"path", "/mem/working/dull"}, {"data", "dull"}});
  agent->must("write", {{"path", "/mem/working/secret"}, {"data", "secret"}});
  const std::int64_t handle = agent->must("open", {{"path", "/mem/working/dull"}}).int_or("handle", 0);
  const auto reading = agent->start_call("read", {{"handle", handle}});
  const std::string approval = waiting_approval(*boss);
  agent->must("close", {{"handle", handle}});
  ASSERT_EQ(agent->must("open", {{"path", "/mem/working/secret"}}).int_or("handle", 0), handle);
  boss->must("approve", {{"approval", approval}, {"granted", true}});
  // Asked anew, about what it would read now.
  const std::string again = waiting_approval(*boss, approval);
  ASSERT_FALSE(again.empty());
  boss->must("approve", {{"approval", again}, {"granted", false}});
  EXPECT_FALSE(agent->finish_call(reading).has_value());
}

TEST_P(Evasion, every_rule_that_asks_must_have_its_approver) {
  const std::string me = std::to_string(getuid());
  auto agent = world().agent(
      "asker", policy("  rules:\n    - {name: mine, syscalls: [status], action: ask, ask: {approvers: [\"" + me +
                      "\"]}}\n    - {name: theirs, syscalls: [status], action: ask, ask: {approvers: [somebody]}}\n"));
  auto boss = world().operator_caller();
  const auto asking = agent->start_call("status", {});
  const std::string approval = waiting_approval(*boss);
  EXPECT_EQ(boss->code("approve", {{"approval", approval}, {"granted", true}}), -103);
  boss->must("approve", {{"approval", approval}, {"granted", false}});
  EXPECT_FALSE(agent->finish_call(asking).has_value());
}

TEST_P(Evasion, an_approved_call_uses_up_the_limits_that_deny) {
  add_mirror("mail");
  auto agent = world().agent(
      "asker", policy(std::string("  limits:\n    - {name: soft, tools: [mail], at_most: 1, every: 1h, action: ask}\n"
                                  "    - {name: hard, tools: [mail], at_most: 2, every: 1h}\n  rules:\n") +
                      kAll));
  auto boss = world().operator_caller();
  agent->must("exec", exec("mail"));
  const auto second = agent->start_call("exec", exec("mail"));
  boss->must("approve", {{"approval", waiting_approval(*boss)}, {"granted", true}});
  EXPECT_TRUE(agent->finish_call(second).has_value());
  EXPECT_EQ(agent->code("exec", exec("mail")), -2) << "two were mailed";
}

AGENTOS_BOTH_WAYS(Evasion);

}  // namespace
}  // namespace agentos::test
