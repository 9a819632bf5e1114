// Real children through a launcher without confinement: arguments, output, exits, deadlines, cancellation, bounds.
#include "lib/tool/executors/process/process_executor.h"

#include <signal.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "lib/tool/executors/process/fake_launcher.h"
#include "lib/tool/outcome_fixture.h"

namespace agentos::tool {
namespace {

using Status = ToolResult::Status;
using SteadyClock = std::chrono::steady_clock;
enum class Output : std::uint8_t { kText, kJson };

Manifest tool(std::vector<std::string> command, Output output = Output::kText) {
  Manifest manifest;
  manifest.name = "test";
  manifest.command = std::move(command);
  manifest.output_json = output == Output::kJson;
  manifest.timeout_ms = 60'000;
  return manifest;
}
// "$1" and on in the script are the arguments' words.
Manifest script(std::string text, Output output = Output::kText) {
  return tool({"sh", "-c", std::move(text), "sh", "{a?}"}, output);
}

class ProcessTest : public testing::Test {
 protected:
  ToolResult call(const Manifest& manifest, json::Object arguments = {}, std::int64_t timeout_ms = 0) {
    return run(*executor_, manifest, json::Value(std::move(arguments)), timeout_ms);
  }
  std::string text(const Manifest& manifest, json::Object arguments = {}) {
    const ToolResult result = call(manifest, std::move(arguments));
    return result.status == Status::kOk ? std::string(result.value.string_or("text", "")) : "error " + result.error;
  }

  RealClock clock_;
  FakeLauncher launcher_;
  std::shared_ptr<Executor> executor_ = make_process_executor(launcher_, clock_);
};

TEST_F(ProcessTest, arguments_are_words_and_no_shell_reads_them) {
  EXPECT_EQ(
      text(tool({"printf", "%s|", "{a}", "{b?}", "{c...}"}), {{"a", "x; echo $HOME"}, {"c", json::Array{"1", "2 3"}}}),
      "x; echo $HOME|1|2 3|");
}

TEST_F(ProcessTest, without_placeholders_arguments_come_as_json) {
  EXPECT_EQ(text(tool({"cat"}), {{"a", json::Array{1, "é"}}}), "{\"a\":[1,\"é\"]}\n");
  const ToolResult result = call(tool({"cat"}, Output::kJson), {{"big", std::string(300'000, 'x')}});
  EXPECT_EQ(result.status, Status::kOk);
  EXPECT_EQ(result.value.string_or("big", "").size(), 300'000u);
}

TEST_F(ProcessTest, text_output_has_its_exit_status) {
  const ToolResult result = call(tool({"printf", "a\\377b"}));
  EXPECT_EQ(result.status, Status::kOk) << result.error;
  EXPECT_EQ(result.value, json::Value(json::Object{{"text",
                                                    "a\xef\xbf\xbd"
                                                    "b"},
                                                   {"exit_status", 0}}));
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.output_bytes, 3);
}

TEST_F(ProcessTest, json_output_must_be_one_value) {
  EXPECT_EQ(call(script("echo '{\"a\":1}'", Output::kJson)).value, json::Value(json::Object{{"a", 1}}));
  const ToolResult bad = call(script("echo hello", Output::kJson));
  EXPECT_EQ(bad.status, Status::kFailed);
  EXPECT_TRUE(bad.error.starts_with("MalformedOutput: standard output is not one JSON value: ")) << bad.error;
  EXPECT_EQ(call(script("true", Output::kJson)).error,
            "MalformedOutput: standard output is empty; one JSON value was expected");
}

TEST_F(ProcessTest, a_failing_exit_names_status_and_first_line) {
  const ToolResult result = call(script("echo; echo 'no such city' >&2; echo more >&2; exit 3"));
  EXPECT_EQ(result.status, Status::kFailed);
  EXPECT_EQ(result.error, "exit status 3: no such city");
  EXPECT_EQ(result.exit_status, 3);
  EXPECT_EQ(call(script("exit 1")).error, "exit status 1: nothing on standard error");
  EXPECT_EQ(call(script("kill -SEGV $$")).error, "exit status 139: killed by signal 11");
}

TEST_F(ProcessTest, standard_error_may_be_long) {
  const ToolResult result = call(script("echo first >&2; head -c 300000 /dev/zero >&2; exit 2"));
  EXPECT_EQ(result.error, "exit status 2: first");
}

TEST_F(ProcessTest, a_program_that_is_not_there_does_not_start) {
  const ToolResult result = call(tool({"/no/such/program"}));
  EXPECT_EQ(result.status, Status::kFailed);
  EXPECT_EQ(result.error, "StartFailed: cannot start /no/such/program: No such file or directory");
  EXPECT_EQ(result.exit_status, -1);
}

TEST_F(ProcessTest, an_argument_that_is_no_word_starts_nothing) {
  EXPECT_EQ(call(tool({"echo", "{a}"}), {{"a", json::Object{}}}).error,
            "InvalidArgument: the argument \"a\" is of type object and cannot be one word");
  EXPECT_TRUE(launcher_.launches().empty());
}

TEST_F(ProcessTest, the_deadline_kills_the_tree) {
  const auto start = SteadyClock::now();
  const ToolResult result = call(script("sleep 60 & sleep 60"), {}, 100);
  EXPECT_EQ(result.status, Status::kTimedOut);
  EXPECT_EQ(result.error, "TimedOut: no result within 100 ms");
  EXPECT_EQ(result.exit_status, 137);
  EXPECT_GE(elapsed_ms(start), 100);
  EXPECT_LT(elapsed_ms(start), 10'000);
}

TEST_F(ProcessTest, a_slow_tool_holds_up_nobody) {
  auto outcome = std::make_shared<Outcome>();
  const auto slow = executor_->execute(script("sleep 60"), {json::Object{}, 0, ""}, Outcome::done_of(outcome));
  EXPECT_EQ(text(script("echo quick")), "quick\n");
  EXPECT_EQ(outcome->count(), 0);
  slow->cancel();
  EXPECT_EQ(outcome->wait().status, Status::kCancelled);
}

TEST_F(ProcessTest, cancelling_kills_the_tree_once) {
  auto outcome = std::make_shared<Outcome>();
  const auto start = SteadyClock::now();
  const auto running =
      executor_->execute(script("trap '' TERM; sleep 60"), {json::Object{}, 0, ""}, Outcome::done_of(outcome));
  running->cancel();
  running->cancel();
  const ToolResult result = outcome->wait();
  EXPECT_EQ(result.status, Status::kCancelled);
  EXPECT_LT(elapsed_ms(start), 10'000);
  running->cancel();
  EXPECT_EQ(text(script("echo after")), "after\n");
  EXPECT_EQ(outcome->count(), 1);
}

TEST_F(ProcessTest, output_beyond_the_bound_ends_the_process) {
  Manifest manifest = script("yes");
  manifest.output_bytes_max = 100'000;
  const ToolResult endless = call(manifest);
  EXPECT_EQ(endless.status, Status::kFailed);
  EXPECT_EQ(endless.error, "TooLarge: standard output has more than 100000 octets");
  manifest.command[2] = "printf 12345";
  manifest.output_bytes_max = 5;
  EXPECT_EQ(text(manifest), "12345");
  manifest.output_bytes_max = 4;
  EXPECT_EQ(text(manifest), "error TooLarge: standard output has more than 4 octets");
}

TEST_F(ProcessTest, everything_a_process_wrote_is_kept) {
  Manifest manifest = script("head -c 900000 /dev/zero | tr '\\0' x");
  EXPECT_EQ(text(manifest), std::string(900'000, 'x'));
}

TEST_F(ProcessTest, the_environment_is_ours) {
  ::setenv("AGENTOS_TEST_SECRET", "s3cret", 1);
  const std::string environment = text(tool({"env", "{a?}"}));
  EXPECT_NE(environment.find("AGENTOS_AGENT=agent-1\n"), std::string::npos);
  EXPECT_NE(environment.find("AGENTOS_TOOL=test\n"), std::string::npos);
  EXPECT_EQ(environment.find("s3cret"), std::string::npos);
  ::unsetenv("AGENTOS_TEST_SECRET");
}

TEST_F(ProcessTest, the_profile_carries_the_manifests_paths) {
  Manifest manifest = tool({"/bin/true", "{a?}"});
  manifest.read_paths = {"/srv/in"};
  manifest.write_paths = {"/srv/out"};
  EXPECT_EQ(call(manifest, {}, 5'000).status, Status::kOk);
  ASSERT_EQ(launcher_.launches().size(), 1u);
  const sandbox::Profile profile = launcher_.launches().front().profile;
  const auto access = [&](std::string_view path) {
    const auto rule = std::ranges::find_if(profile.files, [&](const auto& file) { return file.path == path; });
    return rule == profile.files.end() ? -1 : rule->access;
  };
  using sandbox::Access;
  EXPECT_EQ(access("/srv/in"), static_cast<int>(Access::kRead));
  EXPECT_EQ(access("/srv/out"), Access::kRead | Access::kWrite);
  EXPECT_EQ(access("/bin/true"), Access::kRead | Access::kExecute);
  EXPECT_EQ(profile.network, sandbox::Network::kNone);
  EXPECT_GT(profile.limits.wall_ms, 0);
  EXPECT_LE(profile.limits.wall_ms, 7'000);
}

TEST_F(ProcessTest, an_unknown_profile_starts_nothing) {
  Manifest manifest = script("echo x");
  manifest.profile = "no-such-profile";
  EXPECT_EQ(call(manifest).status, Status::kFailed);
  manifest.profile = "/no/such/file.yaml";
  EXPECT_EQ(call(manifest).error, "NotFound: the profile \"/no/such/file.yaml\" cannot be read");
  EXPECT_TRUE(launcher_.launches().empty());
}

TEST_F(ProcessTest, many_processes_run_at_once_and_the_next_is_refused) {
  std::vector<std::shared_ptr<Outcome>> outcomes;
  std::vector<std::shared_ptr<Running>> running;
  FakeLauncher hanging(FakeStart::kHang);
  auto executor = make_process_executor(hanging, clock_);
  for (int i = 0; i <= 256; ++i) {
    outcomes.push_back(std::make_shared<Outcome>());
    running.push_back(executor->execute(script("x"), {json::Object{}, 0, ""}, Outcome::done_of(outcomes.back())));
  }
  EXPECT_EQ(outcomes.back()->wait().error, "Busy: too many calls: 256 processes run");
  executor.reset();
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(outcomes[i]->wait().status, Status::kCancelled);
}

TEST_F(ProcessTest, callers_on_many_threads) {
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([this, t] {
      for (int i = 0; i < 8; ++i) {
        const std::string word = std::to_string(t * 100 + i);
        EXPECT_EQ(text(tool({"echo", "{a}"}), {{"a", word}}), word + "\n");
      }
    });
  }
  for (auto& caller : callers) caller.join();
}

TEST(ProcessStart, a_refused_start_is_told_with_its_mend) {
  RealClock clock;
  FakeLauncher launcher(FakeStart::kRefuse);
  auto executor = make_process_executor(launcher, clock);
  EXPECT_EQ(run(*executor, script("echo x"), json::Object{}).error,
            "StartFailed: the sandbox cannot be applied (ask Landlock)");
}

TEST(ProcessStart, a_start_that_never_answers_ends_at_the_deadline) {
  RealClock clock;
  FakeLauncher launcher(FakeStart::kHang);
  auto executor = make_process_executor(launcher, clock);
  const ToolResult result = run(*executor, script("echo x"), json::Object{}, 50);
  EXPECT_EQ(result.status, Status::kTimedOut);
  EXPECT_EQ(result.exit_status, -1);
}

TEST(ProcessStart, the_end_of_the_executor_ends_its_processes) {
  RealClock clock;
  auto launcher = std::make_unique<FakeLauncher>();
  auto executor = make_process_executor(*launcher, clock);
  auto outcome = std::make_shared<Outcome>();
  const auto start = SteadyClock::now();
  executor->execute(script("sleep 60"), {json::Object{}, 0, ""}, Outcome::done_of(outcome));
  executor.reset();
  EXPECT_EQ(outcome->wait().status, Status::kCancelled);
  launcher.reset();  // waits for the child
  EXPECT_LT(elapsed_ms(start), 10'000);
}

}  // namespace
}  // namespace agentos::tool
