// What `agentos run` asks for, and which exit code a failed start gets.
#include "apps/agentos/spawn_request.h"

#include <gtest/gtest.h>

namespace agentos::cli {
namespace {

RunOptions running(std::vector<std::string> command) {
  RunOptions options;
  options.command = std::move(command);
  return options;
}

TEST(SpawnRequest, only_variables_the_profile_lets_through_leave_the_process) {
  const char* environment[] = {"PATH=/bin", "SECRET_TOKEN=hunter2", "LANG=C.UTF-8", "no-equals", nullptr};
  const auto request = spawn_request(running({"true"}), environment);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->environment.string_or("PATH", ""), "/bin");
  EXPECT_EQ(request->environment.find("SECRET_TOKEN"), nullptr);
  EXPECT_EQ(request->environment.find("no-equals"), nullptr);
}

TEST(SpawnRequest, a_variable_that_is_allowed_by_name_is_named_in_the_request) {
  const char* environment[] = {"SECRET_TOKEN=hunter2", "OTHER_TOKEN=hunter3", nullptr};
  RunOptions options = running({"true"});
  options.allow_environment = {"SECRET_TOKEN"};
  const auto request = spawn_request(options, environment);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->environment.string_or("SECRET_TOKEN", ""), "hunter2");
  EXPECT_EQ(request->environment.find("OTHER_TOKEN"), nullptr);
  EXPECT_EQ(request->environment_allow, std::vector<std::string>{"SECRET_TOKEN"});
}

TEST(SpawnRequest, limits_and_budget_are_numbers) {
  RunOptions options = running({"true"});
  options.timeout = "30s";
  options.memory = "512M";
  options.processes = 20;
  options.calls = 5;
  const auto request = spawn_request(options, nullptr);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->budget.time_ms, 30'000);
  EXPECT_EQ(request->budget.calls, 5);
  EXPECT_EQ(request->limits.int_or("memory_bytes", 0), 512LL << 20);
  EXPECT_EQ(request->limits.int_or("processes", 0), 20);
  EXPECT_TRUE(request->bound_to_connection);
}

TEST(SpawnRequest, mistakes_are_told_before_anything_starts) {
  EXPECT_EQ(spawn_request(running({}), nullptr).error().code, ErrorCode::kInvalidArgument);
  RunOptions options = running({"true"});
  options.policies = {"/nonexistent/policy.yaml"};
  EXPECT_EQ(exit_code_of_start(spawn_request(options, nullptr).error(), "true", "/bin"), 3);
  options = running({"true"});
  options.profile = "no-such-profile";
  EXPECT_EQ(spawn_request(options, nullptr).error().code, abi::error::invalid_policy);
  options = running({"true"});
  options.timeout = "soon";
  EXPECT_EQ(spawn_request(options, nullptr).error().code, ErrorCode::kInvalidArgument);
}

TEST(SpawnRequest, a_failed_start_has_the_exit_code_env_would_give) {
  const Error failed{abi::error::sandbox_failed, "", ""};
  EXPECT_EQ(exit_code_of_start({abi::error::not_found, "", ""}, "nope", "/bin"), 127);
  EXPECT_EQ(exit_code_of_start(failed, "/nonexistent/program", "/bin"), 127);
  EXPECT_EQ(exit_code_of_start(failed, "no-such-program-at-all", "/bin:/usr/bin"), 127);
  EXPECT_EQ(exit_code_of_start(failed, "/etc/passwd", "/bin"), 126);
  EXPECT_EQ(exit_code_of_start(failed, "/tmp", "/bin"), 126);
  EXPECT_EQ(exit_code_of_start(failed, "/bin/sh", "/bin"), 125);
  EXPECT_EQ(exit_code_of_start({abi::error::unsupported, "", ""}, "/bin/sh", "/bin"), 1);
}

}  // namespace
}  // namespace agentos::cli
