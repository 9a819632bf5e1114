// Agents as real processes: how they end, stop, resume and are killed, and what they find inside.
#include <signal.h>
#include <unistd.h>

#include "base/io/file.h"
#include "base/io/process.h"
#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class ProcessAgents : public CallTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world().has_launcher()) << "agentos-init is built with this test";
    operator_ = world().operator_caller();
  }
  json::Value wait(const json::Value& agent) {
    return operator_->must("wait", {{"agent", std::string(agent.string_or("agent", "?"))}, {"timeout_ms", 20'000}});
  }
  json::Value shell(const std::string& script, std::string_view policy = kAllowAll) {
    return world().spawn({"/bin/sh", "-c", script}, policy);
  }
  std::string output(const json::Value& agent) {
    auto text = io::read_file(std::string(agent.string_or("output", "")), 1 << 20);
    return text ? *text : text.error().message;
  }
  std::unique_ptr<Caller> operator_;
};

TEST_P(ProcessAgents, exit_codes_and_signals_reach_the_operator) {
  const json::Value normal = wait(shell("exit 42"));
  EXPECT_EQ(normal.int_or("code", -1), 42);
  EXPECT_FALSE(normal.bool_or("signaled", true));
  EXPECT_EQ(normal.string_or("cause", ""), "exit");
  const json::Value crashed = wait(shell("kill -SEGV $$"));
  EXPECT_TRUE(crashed.bool_or("signaled", false));
  EXPECT_EQ(crashed.int_or("signal", 0), SIGSEGV);
  EXPECT_EQ(crashed.string_or("cause", ""), "crash");
  EXPECT_EQ(operator_->must("metrics").find("metrics")->int_or("agent_crashes", 0), 1);
}

TEST_P(ProcessAgents, sigkill_ends_the_whole_tree) {
  const json::Value agent = shell("setsid sleep 300 & sleep 300");
  const auto pid = static_cast<pid_t>(agent.int_or("pid", 0));
  ASSERT_GT(pid, 0);
  EXPECT_EQ(kill(pid, 0), 0);
  operator_->must("signal", {{"target", std::string(agent.string_or("agent", ""))}, {"signal", "SIGKILL"}});
  EXPECT_EQ(wait(agent).string_or("cause", ""), "killed");
  EXPECT_NE(kill(pid, 0), 0) << "the process is really gone";
}

TEST_P(ProcessAgents, sigstop_freezes_and_sigcont_resumes) {
  const json::Value agent = shell("i=0; while :; do i=$((i+1)); done");
  const std::string id(agent.string_or("agent", ""));
  operator_->must("signal", {{"target", id}, {"signal", "SIGSTOP"}});
  const auto spent = [&] {
    auto text = io::read_file("/proc/" + std::to_string(agent.int_or("pid", 0)) + "/stat", 4096);
    return text ? *text : std::string();
  };
  const std::string before = spent();
  usleep(150'000);
  EXPECT_EQ(spent(), before) << "a frozen process uses no processor time";
  operator_->must("signal", {{"target", id}, {"signal", "SIGCONT"}});
  usleep(150'000);
  EXPECT_NE(spent(), before);
  operator_->must("signal", {{"target", id}, {"signal", "SIGKILL"}});
  wait(agent);
}

TEST_P(ProcessAgents, sigterm_lets_it_flush_and_kills_what_ignores_it) {
  const json::Value flushes = shell("trap 'echo flushed; exit 0' TERM; while :; do sleep 0.02; done");
  const json::Value ignores = shell("trap '' TERM; while :; do sleep 0.02; done");
  usleep(200'000);
  for (const json::Value* agent : {&flushes, &ignores}) {
    operator_->must("signal", {{"target", std::string(agent->string_or("agent", ""))}, {"signal", "SIGTERM"}});
  }
  EXPECT_EQ(wait(flushes).int_or("code", -1), 0);
  EXPECT_NE(output(flushes).find("flushed"), std::string::npos);
  EXPECT_TRUE(wait(ignores).bool_or("signaled", false));
}

TEST_P(ProcessAgents, the_time_budget_kills) {
  const json::Value agent =
      world().spawn({"/bin/sleep", "60"}, kAllowAll, {{"budget", json::Object{{"time_ms", 150}}}});
  EXPECT_EQ(wait(agent).string_or("cause", ""), "timeout");
}

TEST_P(ProcessAgents, inside_there_are_four_descriptors_and_no_secrets) {
  const json::Value agent =
      world().spawn({"/bin/sh", "-c", "echo /proc/self/fd/*; env; cat /etc/shadow; echo x > /etc/agentos-was-here"},
                    kAllowAll, {{"environment", json::Object{{"PATH", "/usr/bin:/bin"}, {"SECRET_TOKEN", "hunter2"}}}});
  wait(agent);
  const std::string text = output(agent);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_EQ(text.find("root:"), std::string::npos);
  EXPECT_NE(text.find("AGENTOS_SOCKET_FD=3"), std::string::npos) << text;
  EXPECT_NE(access("/etc/agentos-was-here", F_OK), 0);
}

TEST_P(ProcessAgents, an_agent_is_who_its_socket_says_and_cannot_be_operator) {
  const std::string script =
      R"(printf '{"jsonrpc":"2.0","id":1,"method":"status","params":{"agent":"somebody-else"}}\n{"jsonrpc":"2.0","id":2,"method":"status","params":{}}\n{"jsonrpc":"2.0","id":3,"method":"ps","params":{}}\n' >&3; head -n 3 <&3)";
  const json::Value agent = shell(script);
  wait(agent);
  const std::string text = output(agent);
  EXPECT_NE(text.find("unknown field"), std::string::npos) << text;
  EXPECT_NE(text.find("\"agent\":\"" + std::string(agent.string_or("agent", "?")) + "\""), std::string::npos) << text;
  EXPECT_NE(text.find("not_permitted"), std::string::npos) << text;
}

TEST_P(ProcessAgents, a_bad_start_is_an_error_and_leaves_nothing) {
  json::Object params{{"command", json::Array{json::Value("/no/such/program")}}, {"working_directory", "/"}};
  EXPECT_NE(operator_->code("spawn", params), 0);
  EXPECT_EQ(operator_->code(
                "spawn",
                {{"command", json::Array{json::Value("/bin/true")}},
                 {"working_directory", "/"},
                 {"policy", json::Array{json::Value(json::Object{{"file", "p.yaml"}, {"text", "kind: Nonsense"}})}}}),
            -134);
  EXPECT_EQ(operator_->code("spawn", {{"command", json::Array{json::Value("/bin/true")}},
                                      {"working_directory", "/"},
                                      {"profile_preset", "nothing"}}),
            -134);
  EXPECT_EQ(operator_->must("ps").find("agents")->as_array().size(), 0u);
}

AGENTOS_BOTH_WAYS(ProcessAgents);

}  // namespace
}  // namespace agentos::test
