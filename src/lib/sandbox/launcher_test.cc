// How programs start and end under the launcher: statuses, environment, descriptors, working directory, refusals.
#include "lib/sandbox/launcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "lib/sandbox/launched_program.h"
#include "lib/sandbox/launcher_options.h"

namespace agentos::sandbox {
namespace {

class Launching : public testing::Test {
 protected:
  void SetUp() override {
    auto made = make_launcher(init_path_for_tests());
    ASSERT_TRUE(made.has_value()) << made.error().message;
    launcher_ = std::move(*made);
  }

  static LaunchRequest request_of(std::vector<std::string> command) {
    LaunchRequest request;
    request.command = std::move(command);
    request.profile = *preset_profile("agent-default");
    return request;
  }

  static LaunchRequest shell(const std::string& script) { return request_of({"/bin/sh", "-c", script}); }

  // Starts and waits for the end; the exit is absent when the start was refused.
  std::optional<ExitStatus> run(LaunchedProgram& program, LaunchRequest request) {
    const Status launched = program.launch(*launcher_, std::move(request));
    EXPECT_TRUE(launched.has_value()) << launched.error().message;
    const auto started = program.wait_started();
    EXPECT_TRUE(started.has_value()) << started.error().message << " / " << started.error().hint;
    return program.wait_exit();
  }

  std::unique_ptr<Launcher> launcher_;
};

TEST_F(Launching, true_ends_with_0_and_false_with_1) {
  LaunchedProgram yes;
  const auto good = run(yes, request_of({"true"}));
  ASSERT_TRUE(good.has_value());
  EXPECT_FALSE(good->signaled);
  EXPECT_EQ(good->code, 0);
  EXPECT_GT(good->memory_peak_bytes, 0);
  LaunchedProgram no;
  const auto bad = run(no, request_of({"false"}));
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->shell_code(), 1);
}

// Inits of this process that wait for a plan, or have a tree.
std::vector<int> inits() {
  std::vector<int> found;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (int child = 0; children >> child;) {
      std::string name;
      std::getline(std::ifstream("/proc/" + std::to_string(child) + "/comm") >> std::ws, name);
      if (name == "agentos-init") found.push_back(child);
    }
  }
  return found;
}

std::vector<int> wait_for_inits(std::size_t count) {
  for (int i = 0; i < 3000 && inits().size() != count; ++i) ::usleep(1000);
  return inits();
}

TEST_F(Launching, an_init_waits_for_the_next_start_and_is_taken_and_replaced) {
  bool taken = false;
  for (int i = 0; i < 20 && !taken; ++i) {  // a start is free to come before the launcher has noted that one waits
    const std::vector<int> before = wait_for_inits(1);
    ASSERT_EQ(before.size(), 1U);
    ::usleep(10'000);
    LaunchedProgram program;
    ASSERT_TRUE(program.launch(*launcher_, shell("sleep 30")).has_value());
    const auto started = program.wait_started();
    ASSERT_TRUE(started.has_value());
    taken = started->init_pid == before[0];
    EXPECT_EQ(wait_for_inits(2).size(), 2U);
  }
  EXPECT_TRUE(taken);
}

TEST_F(Launching, an_init_that_was_killed_while_it_waited_is_not_missed) {
  const std::vector<int> before = wait_for_inits(1);
  ASSERT_EQ(before.size(), 1U);
  ::kill(before[0], SIGKILL);
  ::usleep(20'000);  // it is a zombie until it is missed
  LaunchedProgram program;
  const auto status = run(program, request_of({"true"}));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->shell_code(), 0);
}

TEST_F(Launching, an_init_that_waits_ends_with_its_launcher) {
  ASSERT_EQ(wait_for_inits(1).size(), 1U);
  launcher_.reset();
  EXPECT_TRUE(inits().empty());
}

TEST_F(Launching, a_start_that_is_refused_takes_no_init) {
  const std::vector<int> before = wait_for_inits(1);
  LaunchRequest request = request_of({"true"});
  request.working_directory = "/no/such/folder";
  LaunchedProgram program;
  EXPECT_FALSE(program.launch(*launcher_, std::move(request)).has_value());
  EXPECT_EQ(inits(), before);
}

TEST_F(Launching, an_exit_code_comes_back) {
  LaunchedProgram program;
  const auto status = run(program, shell("exit 42"));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->shell_code(), 42);
  EXPECT_EQ(program.exits(), 1);
}

TEST_F(Launching, a_crash_comes_back_as_its_signal) {
  LaunchedProgram program;
  const auto status = run(program, shell("kill -SEGV $$"));
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(status->signaled);
  EXPECT_EQ(status->code, SIGSEGV);
  EXPECT_EQ(status->shell_code(), 128 + SIGSEGV);
}

TEST_F(Launching, cpu_time_of_the_whole_tree_is_counted) {
  LaunchedProgram program;
  const auto status = run(program, shell("(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done); true"));
  ASSERT_TRUE(status.has_value());
  EXPECT_GT(status->cpu_us, 10'000);
}

TEST_F(Launching, a_program_not_on_path_is_refused_by_name) {
  LaunchedProgram program;
  const Status launched = program.launch(*launcher_, request_of({"no-such-program"}));
  ASSERT_FALSE(launched.has_value());
  EXPECT_EQ(launched.error().code, ErrorCode::kNotFound);
  EXPECT_NE(launched.error().message.find("no-such-program"), std::string::npos);
}

TEST_F(Launching, a_program_that_does_not_exist_is_refused_at_the_start) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, request_of({"/usr/bin/no-such-program"})).has_value());
  const auto started = program.wait_started();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(program.exits(), 0);
}

TEST_F(Launching, a_program_the_profile_does_not_grant_is_refused_with_the_mend) {
  char path[] = "/tmp/agentos-test-XXXXXX";
  const io::Fd file(::mkstemp(path));
  ASSERT_TRUE(file.valid());
  ::fchmod(file.get(), 0755);
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, request_of({path})).has_value());
  const auto started = program.wait_started();
  ::unlink(path);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::kNotPermitted);
  EXPECT_NE(started.error().message.find(path), std::string::npos);
  EXPECT_NE(started.error().hint.find("files.execute"), std::string::npos);
}

TEST_F(Launching, a_later_path_entry_serves_when_the_first_is_not_granted) {
  char folder[] = "/tmp/agentos-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string fake = std::string(folder) + "/true";
  ::close(::open(fake.c_str(), O_CREAT | O_WRONLY, 0755));
  LaunchRequest request = request_of({"true"});
  request.environment = {{"PATH", std::string(folder) + ":/usr/bin"}};
  LaunchedProgram program;
  const auto status = run(program, std::move(request));
  const auto started = program.wait_started();
  ::unlink(fake.c_str());
  ::rmdir(folder);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->shell_code(), 0);
  EXPECT_EQ(started->manifest.string_or("program", ""), "/usr/bin/true");
}

TEST_F(Launching, a_working_directory_that_holds_closed_files_is_refused) {
  char folder[] = "/tmp/agentos-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string project = std::string(folder) + "/project", link = std::string(folder) + "/link";
  ASSERT_EQ(::mkdir(project.c_str(), 0755), 0);
  ASSERT_EQ(::symlink(project.c_str(), link.c_str()), 0);
  const auto launcher = make_launcher_with({.init_path = init_path_for_tests(), .base_directory = "/tmp"});
  ASSERT_TRUE(launcher.has_value());
  const auto starts = [&](const std::string& in, const std::string& closed) {
    LaunchRequest request = request_of({"/usr/bin/true"});
    request.working_directory = in;
    request.closed_paths = {closed};
    LaunchedProgram program;
    const Status launched = program.launch(**launcher, std::move(request));
    if (launched) (void)program.wait_exit();
    return launched.has_value();
  };
  EXPECT_FALSE(starts(folder, project + "/state"));
  EXPECT_FALSE(starts(project, project));
  EXPECT_FALSE(starts(link, project + "/state")) << "by another name";
  EXPECT_FALSE(starts(project, link + "/state")) << "by another name";
  EXPECT_FALSE(starts("/tmp", "/nowhere")) << "private folders of all trees may lie there";
  EXPECT_FALSE(starts(project, folder)) << "it lies in them";
  const std::string copy = std::string(folder) + "/workspaces/w/copy";
  std::filesystem::create_directories(copy + "/deep");
  EXPECT_TRUE(starts(copy, folder) && starts(copy + "/deep", folder)) << "a workspace's copy is an agent's";
  EXPECT_FALSE(starts(std::string(folder) + "/workspaces/w", folder));
  EXPECT_FALSE(starts(std::string(folder) + "/workspaces", folder));
  EXPECT_TRUE(starts(project, std::string(folder) + "/state"));
  EXPECT_TRUE(starts(project, project + "-state")) << "a name that only begins like it";
  std::filesystem::remove_all(folder);
}

TEST_F(Launching, the_environment_is_scrubbed) {
  LaunchRequest request = request_of({"/usr/bin/env"});
  request.environment = {{"PATH", "/usr/bin"},    {"HOME", "/root"}, {"SECRET_TOKEN", "hunter2"},
                         {"LANG", "de_DE.UTF-8"}, {"KEPT", "yes"},   {"LD_PRELOAD", "/tmp/evil.so"},
                         {"TERM", "bad value!"}};
  request.environment_set = {{"AGENTOS_SOCKET_FD", "3"}};
  request.profile.environment_allow = {"KEPT", "ABSENT"};
  LaunchedProgram program;
  ASSERT_TRUE(run(program, std::move(request)).has_value());
  const std::string seen = program.output();
  EXPECT_EQ(seen.find("hunter2"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("evil"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("TERM="), std::string::npos) << seen;
  EXPECT_EQ(seen.find("HOME=/root"), std::string::npos) << seen;
  EXPECT_NE(seen.find("KEPT=yes\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("LANG=de_DE.UTF-8\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("AGENTOS_SOCKET_FD=3\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("TMPDIR="), std::string::npos) << seen;
}

constexpr const char* kListDescriptors =
    "for f in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 30 60 100 200; do "
    "[ -e /proc/self/fd/$f ] && printf '%s ' $f; done; true";

TEST_F(Launching, only_the_three_standard_descriptors_are_open) {
  const io::Fd leaked(::open("/etc/hostname", O_RDONLY));  // inheritable on purpose
  LaunchedProgram program;
  ASSERT_TRUE(run(program, shell(kListDescriptors)).has_value());
  EXPECT_EQ(program.output(), "0 1 2 ");
}

TEST_F(Launching, the_agent_socket_is_descriptor_3) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const io::Fd near(ends[0]);
  LaunchRequest request = shell(std::string(kListDescriptors) + "; echo hello >&3");
  request.agent_socket = io::Fd(ends[1]);
  LaunchedProgram program;
  ASSERT_TRUE(run(program, std::move(request)).has_value());
  EXPECT_EQ(program.output(), "0 1 2 3 ");
  char text[16] = {};
  EXPECT_EQ(::read(near.get(), text, sizeof text), 6);
  EXPECT_STREQ(text, "hello\n");
  EXPECT_EQ(::read(near.get(), text, sizeof text), 0) << "init still holds the agent's socket";
}

TEST_F(Launching, the_program_starts_in_its_working_directory_or_in_its_own_tmp) {
  LaunchedProgram here;
  ASSERT_TRUE(run(here, request_of({"/bin/pwd"})).has_value());
  EXPECT_EQ(here.output(), "/usr/share\n");
  LaunchRequest tool = shell("[ \"$(pwd)\" = \"$TMPDIR\" ] && echo data > file && cat file");
  tool.profile = *preset_profile("tool");
  tool.working_directory = "/root";
  LaunchedProgram there;
  ASSERT_TRUE(run(there, std::move(tool)).has_value());
  EXPECT_EQ(there.output(), "data\n");
}

TEST_F(Launching, a_working_directory_of_slash_grants_nothing_but_a_refusal) {
  LaunchRequest request = request_of({"true"});
  request.working_directory = "/";
  LaunchedProgram program;
  const Status launched = program.launch(*launcher_, std::move(request));
  ASSERT_FALSE(launched.has_value());
  EXPECT_EQ(launched.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(Launching, the_private_tmp_is_removed_with_everything_in_it) {
  LaunchedProgram program;
  const auto status =
      run(program, shell("cd $TMPDIR; mkdir -m 0 locked; ln -s /usr link; d=.; i=0; "
                         "while [ $i -lt 60 ]; do d=$d/d; i=$((i+1)); done; mkdir -p $d; echo $TMPDIR"));
  ASSERT_TRUE(status.has_value());
  std::string tmp = program.output();
  ASSERT_FALSE(tmp.empty());
  tmp.pop_back();
  EXPECT_NE(::access(tmp.substr(0, tmp.rfind('/')).c_str(), F_OK), 0) << tmp;
  EXPECT_EQ(::access("/usr/bin", F_OK), 0);
}

TEST_F(Launching, mode_and_times_can_be_changed_below_a_write_grant_only) {
  LaunchedProgram inside;
  const auto good = run(inside, shell("cd $TMPDIR && touch a && chmod 751 a && touch -d 2001-02-03T04:05:06Z a && "
                                      "chown $(id -u) a && ln -s a l && touch -h l && cp -p a b && "
                                      "stat -c '%a %Y' a b"));
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(inside.output(), "751 981173106\n751 981173106\n");
  EXPECT_EQ(good->shell_code(), 0);

  char file[] = "/tmp/agentos-test-XXXXXX";
  const io::Fd outside(::mkstemp(file));
  LaunchedProgram refused;
  const auto bad =
      run(refused, shell(std::string("cd $TMPDIR; ln -s ") + file + " l; chmod 777 l; chmod 777 " + file +
                         "; touch -d 2001-01-01 " + file + "; touch x; chmod 4755 x; chown 12345 x; stat -c %a x"));
  ASSERT_TRUE(bad.has_value());
  struct stat status{};
  ASSERT_EQ(::fstat(outside.get(), &status), 0);
  ::unlink(file);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_GT(status.st_mtime, 1'000'000'000);
  EXPECT_TRUE(refused.output().ends_with("644\n")) << refused.output();
}

TEST_F(Launching, a_grant_that_does_not_exist_stops_the_start_unless_it_is_optional) {
  LaunchRequest request = request_of({"true"});
  request.profile.files.push_back({"/no/such/folder", static_cast<std::uint8_t>(Access::kRead), false});
  LaunchedProgram refused;
  ASSERT_TRUE(refused.launch(*launcher_, std::move(request)).has_value());
  const auto started = refused.wait_started();
  ASSERT_FALSE(started.has_value());
  EXPECT_NE(started.error().message.find("/no/such/folder"), std::string::npos);

  LaunchRequest optional = request_of({"true"});
  optional.profile.files.push_back({"/no/such/folder", static_cast<std::uint8_t>(Access::kRead), true});
  LaunchedProgram skipped;
  ASSERT_TRUE(run(skipped, std::move(optional)).has_value());
  const json::Value manifest = skipped.wait_started()->manifest;
  bool found = false;
  for (const json::Value& path : manifest.find("skipped")->as_array()) found |= path.as_string() == "/no/such/folder";
  EXPECT_TRUE(found);
}

TEST_F(Launching, a_wall_limit_kills_the_tree) {
  LaunchRequest request = shell("sleep 100");
  request.profile.limits.wall_ms = 50;
  LaunchedProgram program;
  const auto status = run(program, std::move(request));
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(status->signaled);
  EXPECT_EQ(status->code, SIGKILL);
}

TEST_F(Launching, a_signal_reaches_the_program) {
  LaunchedProgram program;
  ASSERT_TRUE(
      program.launch(*launcher_, shell("trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done")).has_value());
  ASSERT_TRUE(program.wait_output("ready"));
  ASSERT_TRUE(program.tree().signal(SIGTERM).has_value());
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->shell_code(), 9);
  const Status late = program.tree().signal(SIGTERM);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::kClosed);
}

TEST_F(Launching, the_manifest_names_mechanisms_and_answers) {
  LaunchedProgram program;
  ASSERT_TRUE(run(program, request_of({"true"})).has_value());
  const json::Value manifest = program.wait_started()->manifest;
  EXPECT_EQ(manifest.string_or("profile", ""), "agent-default");
  EXPECT_EQ(manifest.string_or("program", ""), "/usr/bin/true");
  EXPECT_GE(manifest.find("mechanisms")->as_array().size(), 5U);
  for (const json::Value& probe : manifest.find("probes")->as_array()) {
    const std::string_view answer = probe.string_or("answer", "");
    EXPECT_TRUE(answer.starts_with("E") || answer == "not promised") << probe.string_or("probe", "");
  }
}

TEST_F(Launching, an_older_landlock_still_starts_and_says_so) {
  for (const int abi : {1, 2, 4}) {
    LauncherOptions options{init_path_for_tests(), "", Cgroups::kWhenPossible, abi};
    auto launcher = make_launcher_with(options);
    ASSERT_TRUE(launcher.has_value());
    LaunchedProgram program;
    ASSERT_TRUE(program.launch(**launcher, shell("cat /etc/shadow")).has_value());
    const auto started = program.wait_started();
    ASSERT_TRUE(started.has_value()) << started.error().message;
    EXPECT_EQ(started->manifest.find("mechanisms")->as_array()[0].int_or("abi", 0), abi);
    const auto status = program.wait_exit();
    ASSERT_TRUE(status.has_value());
    EXPECT_NE(status->shell_code(), 0);
  }
}

TEST_F(Launching, a_host_without_landlock_refuses_every_start) {
  LauncherOptions options{init_path_for_tests(), "", Cgroups::kWhenPossible, 0};
  auto launcher = make_launcher_with(options);
  ASSERT_TRUE(launcher.has_value());
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(**launcher, request_of({"true"})).has_value());
  const auto started = program.wait_started();
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ErrorCode::kUnsupported);
}

TEST_F(Launching, destroying_the_launcher_ends_its_trees) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, shell("sleep 100")).has_value());
  ASSERT_TRUE(program.wait_started().has_value());
  launcher_.reset();
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code, SIGKILL);
}

TEST(Doctor, every_line_has_a_state) {
  const json::Value report = host_report(init_path_for_tests());
  ASSERT_GE(report.as_array().size(), 7U);
  for (const json::Value& line : report.as_array()) {
    const std::string_view state = line.string_or("state", "");
    EXPECT_TRUE(state == "ok" || state == "missing" || state == "limited") << line.string_or("mechanism", "");
    EXPECT_FALSE(line.string_or("detail", "").empty());
  }
}

}  // namespace
}  // namespace agentos::sandbox
