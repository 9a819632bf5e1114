// The built-in documents compile against the table's words and decide as their summaries say.
#include <gtest/gtest.h>

#include "lib/policy/fixture.h"

namespace agentos::policy {
namespace {

using fixture::Asked;

std::shared_ptr<const Program> preset_program(std::string_view name) {
  auto program = fixture::compile({std::string(preset(name))});
  EXPECT_TRUE(program) << name << ": " << program.error().message;
  return program ? *program : Program::permissive(0);
}
using fixture::kAllow;
using fixture::kDeny;
using fixture::verdict;

TEST(Presets, every_name_is_a_document_of_that_name) {
  EXPECT_EQ(preset_names(), (std::vector<std::string_view>{"agent-default", "read-only", "deny-all", "wrap-default",
                                                           "coding-agent", "data-analyst", "support"}));
  EXPECT_TRUE(preset("no-such-preset").empty());
  for (std::string_view name : preset_names()) {
    json::Value summary = preset_program(name)->summary();
    EXPECT_EQ(summary.find("documents")->as_array().at(0).string_or("name", ""), name);
  }
}

TEST(Presets, agent_default_allows_an_agents_own_things) {
  auto program = preset_program("agent-default");
  for (const char* call :
       {"exit",      "wait",        "open",   "close",     "read",        "write", "stat",   "list",  "mkdir",
        "unlink",    "rename",      "seek",   "mmap",      "munmap",      "brk",   "pipe",   "send",  "recv",
        "getpolicy", "checkpolicy", "attach", "sigaction", "sigprocmask", "tools", "status", "hello", "fork"}) {
    EXPECT_EQ(verdict(program, {.call = call}), kAllow) << call;
  }
  for (const char* call : {"connect", "http_request", "secret_use", "mcp_request", "approve", "spawn", "ps", "inspect",
                           "freeze", "policy_load", "tool_register"}) {
    EXPECT_EQ(program->decide(Asked{.call = call}.request()).rule, "default-deny") << call;
  }
}

TEST(Presets, agent_default_runs_only_tools_that_compute) {
  auto program = preset_program("agent-default");
  for (const char* tool : {"echo", "clock", "calculate", "sha256", "json_query", "text_stats"}) {
    EXPECT_EQ(verdict(program, {.call = "exec", .tool = tool}), kAllow) << tool;
  }
  for (const char* tool : {"", "shell", "echo2", "Echo"}) {
    EXPECT_EQ(verdict(program, {.call = "exec", .tool = tool}), kDeny) << tool;
  }
}

TEST(Presets, agent_default_keeps_to_the_family) {
  auto program = preset_program("agent-default");
  for (const char* call : {"signal", "send", "attach"}) {
    EXPECT_EQ(verdict(program, {.call = call, .target = "demo-1"}), kAllow) << call;
    EXPECT_EQ(verdict(program, {.call = call, .target = "demo-2", .target_parent = "demo-1"}), kAllow) << call;
    EXPECT_EQ(verdict(program, {.call = call, .target = "other-1"}), kDeny) << call;
  }
  EXPECT_EQ(verdict(program, {.call = "signal", .target = "boss-1", .parent = "boss-1"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "send", .target = "boss-1", .parent = "boss-1"}), kAllow);
}

TEST(Presets, agent_default_keeps_policy_files_as_they_are) {
  auto program = preset_program("agent-default");
  for (const char* call : {"write", "mkdir", "unlink", "rename"}) {
    Decision decision = program->decide(Asked{.call = call, .path = "/policy/x.yaml"}.request());
    EXPECT_EQ(decision.verdict, kDeny) << call;
    EXPECT_EQ(decision.message, "The policy an agent is under is read-only; write under /mem instead.");
    EXPECT_EQ(verdict(program, {.call = call, .path = "/policy"}), kDeny) << call;
    EXPECT_EQ(verdict(program, {.call = call, .path = "/policyX"}), kAllow) << call;
  }
  EXPECT_EQ(verdict(program, {.call = "rename", .path = "/mem/a", .path_to = "/policy/a"}), kDeny);
  EXPECT_EQ(verdict(program, {.call = "read", .path = "/policy/x.yaml"}), kAllow);
  Asked open{.call = "open", .path = "/policy/x.yaml"};
  for (const char* mode : {"w", "a", "rw", "x"}) {
    open.arguments.values["mode"] = mode;
    EXPECT_EQ(verdict(program, open), kDeny) << mode;
  }
  open.arguments.values["mode"] = "r";
  EXPECT_EQ(verdict(program, open), kAllow);
}

TEST(Presets, read_only_reads_and_does_nothing_else) {
  auto program = preset_program("read-only");
  Asked open{.call = "open", .path = "/mem/a"};
  EXPECT_EQ(verdict(program, open), kDeny);
  for (const char* mode : {"w", "a", "rw", "x"}) {
    open.arguments.values["mode"] = mode;
    EXPECT_EQ(verdict(program, open), kDeny) << mode;
  }
  open.arguments.values["mode"] = "r";
  EXPECT_EQ(verdict(program, open), kAllow);
  for (const char* call : {"read", "stat", "list", "seek", "close", "exit", "getpolicy"}) {
    EXPECT_EQ(verdict(program, {.call = call}), kAllow) << call;
  }
  for (const char* call : {"write", "unlink", "exec", "fork", "send", "signal", "mmap", "connect"}) {
    Decision decision = program->decide(Asked{.call = call}.request());
    EXPECT_EQ(decision.verdict, kDeny) << call;
    EXPECT_EQ(decision.rule, "read-only/nothing-else") << call;
  }
}

TEST(Presets, deny_all_overrides_whatever_else_is_in_the_set) {
  auto program = fixture::compile({std::string(preset("agent-default")), std::string(preset("deny-all"))});
  ASSERT_TRUE(program);
  for (const auto& call : fixture::vocabulary().calls) {
    Asked asked{.call = std::string(call.name)};
    EXPECT_EQ(verdict(*program, asked), call.name == "exit" ? kAllow : kDeny) << call.name;
  }
}

}  // namespace
}  // namespace agentos::policy
