// What holds across calls: identity, states, metrics, refusals, approvals, panic and shutdown.
#include "lib/recorder/reader.h"
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class KernelBehaviour : public CallTest {};

TEST_P(KernelBehaviour, an_agent_id_is_registered_once) {
  kernel::AgentOptions options;
  options.id = "same";
  auto first = world().kernel().create_agent(options);
  ASSERT_TRUE(first.has_value());
  auto second = world().kernel().create_agent(options);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(static_cast<int>(second.error().code), -102);
  first->reset();
  EXPECT_TRUE(world().kernel().create_agent(options).has_value()) << "after its end the id is free";
}

TEST_P(KernelBehaviour, no_policy_means_self_scoped_calls_only) {
  auto agent = world().agent("bare", "");
  auto other = world().agent("other");
  agent->must("write", {{"path", "/mem/working/a"}, {"data", "mine"}});
  EXPECT_EQ(agent->must("read", {{"path", "/mem/working/a"}}).string_or("data", ""), "mine");
  EXPECT_EQ(agent->code("exec", {{"tool", "echo"}, {"arguments", json::Object{{"text", "x"}}}}), -2);
  EXPECT_EQ(agent->code("signal", {{"target", other->id()}, {"signal", "SIGTERM"}}), -2);
  EXPECT_EQ(agent->must("exit").int_or("code", -1), 0);
}

TEST_P(KernelBehaviour, one_call_is_one_policy_check_and_a_denial_one_violation) {
  auto agent = world().agent("counted", R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: counted}
spec:
  rules:
    - {name: reads, syscalls: [status, hello], action: allow}
)");
  auto bare = world().agent("bare", "");
  auto operator_caller = world().operator_caller();
  const auto metric = [&](const char* name) {
    return operator_caller->must("metrics").find("metrics")->int_or(name, -1);
  };
  const auto checks = metric("policy_checks"), violations = metric("policy_violations");
  agent->must("status");
  EXPECT_EQ(metric("policy_checks"), checks + 1);
  EXPECT_EQ(agent->code("list", {{"path", "/"}}), -2);
  EXPECT_EQ(metric("policy_checks"), checks + 2);
  EXPECT_EQ(metric("policy_violations"), violations + 1);
  EXPECT_EQ(bare->code("list", {{"path", "/"}}), -2);
  EXPECT_EQ(metric("policy_violations"), violations + 1) << "without policy nothing is violated";
}

TEST_P(KernelBehaviour, every_call_with_no_arguments_has_a_documented_answer) {
  for (const abi::Row& row : abi::rows()) {
    if (row.subject != abi::Subject::agent && row.subject != abi::Subject::any) continue;
    if (row.call == abi::Call::kRecv) continue;  // waits, as documented
    auto agent = world().agent("probe");
    const int code = agent->code(row.name);
    EXPECT_NE(code, -3) << row.name;
    EXPECT_NE(code, -4) << row.name;
    EXPECT_NE(code, -125) << row.name;
  }
}

TEST_P(KernelBehaviour, operators_rows_are_not_for_agents) {
  auto agent = world().agent("climber");
  for (const abi::Row& row : abi::rows()) {
    if (row.subject != abi::Subject::operator_ && row.subject != abi::Subject::kernel) continue;
    const int code = agent->code(
        row.name, row.call == abi::Call::kSpawn
                      ? json::Object{{"command", json::Array{json::Value("/bin/true")}}, {"working_directory", "/"}}
                      : json::Object{});
    EXPECT_TRUE(code == -103 || code == -100) << row.name << " " << code;
  }
}

TEST_P(KernelBehaviour, unknown_calls_are_minus_three) {
  auto agent = world().agent();
  EXPECT_EQ(agent->code("teleport"), -3);
}

TEST_P(KernelBehaviour, panic_refuses_everything_and_the_log_still_verifies) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", "x"}});
  world().kernel().panic("a test asked for it");
  EXPECT_EQ(agent->code("read", {{"path", "/state/f"}}), -119);
  EXPECT_EQ(world().kernel().state(), kernel::KernelState::kPanic);
  auto report = recorder::verify_log(world().folder() + "/state/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem << " at " << report->position;
}

TEST_P(KernelBehaviour, shutdown_ends_agents_then_refuses) {
  auto agent = world().agent();
  world().kernel().shutdown("closing time");
  EXPECT_EQ(world().kernel().state(), kernel::KernelState::kShutdown);
  EXPECT_EQ(world().kernel().agents_alive(), 0u);
  EXPECT_NE(agent->code("status"), 0);
  auto report = recorder::verify_log(world().folder() + "/state/log");
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->valid) << report->problem << " at " << report->position;
}

TEST_P(KernelBehaviour, a_flood_of_refusals_is_counted_not_written) {
  auto agent = world().agent("flooder", "");
  for (int i = 0; i < 2000; ++i) agent->code("list", {{"path", "/"}});
  const std::string id = agent->id();
  agent->must("exit");
  std::uint64_t entries = 0, counted = 0;
  for (const json::Value& leaf : world().log()) {
    if (leaf.string_or("kind", "") != "refused" || leaf.string_or("agent", "") != id) continue;
    ++entries;
    counted += static_cast<std::uint64_t>(leaf.int_or("count", 1));
  }
  EXPECT_EQ(counted, 2000u) << "none is lost";
  EXPECT_LT(entries, 100u);
}

TEST_P(KernelBehaviour, freeze_stops_everyone_and_thaw_lets_them_go) {
  auto one = world().agent("one");
  auto two = world().agent("two");
  auto operator_caller = world().operator_caller();
  EXPECT_EQ(operator_caller->must("freeze").int_or("agents", 0), 2);
  EXPECT_EQ(one->code("status"), -118);
  EXPECT_EQ(two->code("status"), -118);
  operator_caller->must("freeze", {{"frozen", false}});
  EXPECT_EQ(one->code("status"), 0);
}

class Approvals : public CallTest {
 protected:
  static constexpr std::string_view kAsks = R"(apiVersion: agentos/v1
kind: Policy
metadata: {name: careful}
spec:
  rules:
    - {name: most, syscalls: ["*"], action: allow}
    - {name: ask-first, syscalls: [write], paths: ["/state/**"], action: ask, priority: 10, ask: {timeout: "10s"}}
)";
  std::string wait_for_approval(Caller& operator_caller) {
    for (int i = 0; i < 200; ++i) {
      const json::Value reply = operator_caller.must("approvals");
      const auto& all = reply.find("approvals")->as_array();
      if (!all.empty()) return std::string(all[0].string_or("approval", ""));
      usleep(10'000);
    }
    return {};
  }
};

TEST_P(Approvals, a_granted_call_is_carried_out_once) {
  auto agent = world().agent("asker", kAsks);
  auto operator_caller = world().operator_caller();
  const auto writing = agent->start_call("write", {{"path", "/state/f"}, {"data", "please"}});
  const std::string approval = wait_for_approval(*operator_caller);
  ASSERT_FALSE(approval.empty());
  EXPECT_EQ(agent->code("stat", {{"path", "/state/f"}}), -101) << "nothing happened yet";
  EXPECT_EQ(operator_caller->code("approve", {{"approval", approval}, {"granted", true}, {"digest", "wrong"}}), -103);
  operator_caller->must("approve", {{"approval", approval}, {"granted", true}});
  EXPECT_TRUE(agent->finish_call(writing).has_value());
  EXPECT_EQ(agent->must("read", {{"path", "/state/f"}}).string_or("data", ""), "please");
  EXPECT_EQ(operator_caller->code("approve", {{"approval", approval}, {"granted", true}}), -101) << "single use";
}

TEST_P(Approvals, a_refused_call_never_acts) {
  auto agent = world().agent("asker", kAsks);
  auto operator_caller = world().operator_caller();
  const auto writing = agent->start_call("write", {{"path", "/state/f"}, {"data", "please"}});
  operator_caller->must(
      "approve", {{"approval", wait_for_approval(*operator_caller)}, {"granted", false}, {"reason", "not today"}});
  auto refused = agent->finish_call(writing);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(static_cast<int>(refused.error().code), -122);
  EXPECT_NE(refused.error().message.find("not today"), std::string::npos);
  EXPECT_EQ(agent->code("stat", {{"path", "/state/f"}}), -101);
}

TEST_P(Approvals, agents_cannot_approve) {
  auto agent = world().agent("asker", kAsks);
  const auto writing = agent->start_call("write", {{"path", "/state/f"}, {"data", "x"}});
  auto operator_caller = world().operator_caller();
  const std::string approval = wait_for_approval(*operator_caller);
  EXPECT_EQ(agent->code("approve", {{"approval", approval}, {"granted", true}}), -103);
  operator_caller->must("approve", {{"approval", approval}, {"granted", false}});
  EXPECT_FALSE(agent->finish_call(writing).has_value());
}

AGENTOS_BOTH_WAYS(KernelBehaviour);
AGENTOS_BOTH_WAYS(Approvals);

}  // namespace
}  // namespace agentos::test
