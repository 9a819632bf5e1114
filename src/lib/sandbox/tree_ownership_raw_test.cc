// A tree is owned to its last process: daemons, those who ignore signals, bombs, and trees whose owner was killed.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "lib/sandbox/launched_program.h"
#include "lib/sandbox/launcher_options.h"

namespace agentos::sandbox {
namespace {

struct Host {
  Cgroups cgroups;
  Namespaces namespaces;
};

// Every test runs with a cgroup and with namespaces where the host permits them, and without.
class Owning : public testing::TestWithParam<Host> {
 protected:
  void SetUp() override {
    launcher_ = make();
    ASSERT_NE(launcher_, nullptr);
  }

  static std::unique_ptr<Launcher> make() {
    LauncherOptions options;
    options.init_path = init_path_for_tests();
    options.cgroups = GetParam().cgroups;
    options.namespaces = GetParam().namespaces;
    auto made = make_launcher_with(options);
    return made ? std::move(*made) : nullptr;
  }

  static LaunchRequest shell(const std::string& script) {
    LaunchRequest request;
    request.command = {"/bin/sh", "-c", script};
    request.profile = *preset_profile("agent-default");
    return request;
  }

  std::unique_ptr<Launcher> launcher_;
};

char state_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(") ");
  return end == std::string::npos ? 0 : text[end + 2];
}

bool alive(int pid) {
  const char state = state_of(pid);
  return state != 0 && state != 'Z' && state != 'X';
}

bool gone_soon(int pid) {
  for (int i = 0; i < 5000 && alive(pid); ++i) ::usleep(1000);
  return !alive(pid);
}

// By the mark; where this process may not ask for it, by the user, whom nobody else is.
bool same_tree(int pid, int other) {
  rlimit one{}, two{};
  if (::prlimit(pid, RLIMIT_RTTIME, nullptr, &one) == 0 && ::prlimit(other, RLIMIT_RTTIME, nullptr, &two) == 0) {
    return one.rlim_max == two.rlim_max;
  }
  const auto user_of = [](int process) {
    struct stat status{};
    return ::stat(("/proc/" + std::to_string(process)).c_str(), &status) == 0 ? status.st_uid : 0;
  };
  return user_of(pid) == user_of(other) && user_of(pid) != ::getuid();
}

// The last number of a process's NSpid line: what it is called inside.
int inner_number(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("NSpid:")) return std::atoi(line.substr(line.find_last_of("\t ") + 1).c_str());
  }
  return -1;
}

// The number printed after `name=` by a process of the program's tree, as this process sees it.
int number_of(LaunchedProgram& program, const std::string& name) {
  const std::string output = program.output();
  const std::size_t at = output.find(name + "=");
  if (at == std::string::npos) return -1;
  const int inner = std::atoi(output.c_str() + at + name.size() + 1);
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos || inner_number(pid) != inner) continue;
    if (same_tree(std::atoi(pid.c_str()), program.wait_started()->pid)) return std::atoi(pid.c_str());
  }
  return -1;
}

// Leaves a grandchild in a session of its own that ignores everything it can, and prints its pid as seen outside.
const char* const kDaemon = "setsid sh -c 'trap \"\" TERM HUP INT; echo daemon=$$; while :; do sleep 0.05; done' & ";

TEST_P(Owning, a_daemon_dies_with_the_program) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, shell(std::string("(") + kDaemon + ") ; sleep 0.3; exit 5")).has_value());
  ASSERT_TRUE(program.wait_output("daemon="));
  const int daemon = number_of(program, "daemon");
  ASSERT_TRUE(alive(daemon));
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->shell_code(), 5);
  EXPECT_FALSE(alive(daemon)) << "on_exit came before the tree was gone";
}

TEST_P(Owning, kill_ends_a_tree_that_ignores_term) {
  LaunchedProgram program;
  ASSERT_TRUE(program
                  .launch(*launcher_, shell(std::string("trap '' TERM; ") + kDaemon +
                                            "echo ready; wait; while :; do sleep 1; done"))
                  .has_value());
  ASSERT_TRUE(program.wait_output("ready") && program.wait_output("daemon="));
  const int daemon = number_of(program, "daemon");
  ASSERT_TRUE(program.tree().signal(SIGTERM).has_value());
  ::usleep(50'000);
  EXPECT_TRUE(alive(daemon));
  EXPECT_EQ(program.exits(), 0);
  ASSERT_TRUE(program.tree().kill().has_value());
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(status->signaled);
  EXPECT_FALSE(alive(daemon));
  EXPECT_EQ(program.exits(), 1);
}

TEST_P(Owning, dropping_the_tree_kills_it) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, shell("sleep 100")).has_value());
  ASSERT_TRUE(program.wait_started().has_value());
  program.drop_tree();
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code, SIGKILL);
}

TEST_P(Owning, freeze_stops_everything_and_thaw_continues) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, shell("while :; do printf x; sleep 0.002; done")).has_value());
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value());
  ASSERT_TRUE(program.wait_output("xxx"));
  const Status frozen = program.tree().freeze();
  ASSERT_TRUE(frozen.has_value()) << frozen.error().message;
  const std::size_t before = program.output().size();
  ::usleep(60'000);
  EXPECT_EQ(program.output().size(), before);
  // D: it waits in vfork for a child that was stopped, with its own stop pending.
  const char state = state_of(started->pid);
  if (GetParam().cgroups == Cgroups::kNever) EXPECT_TRUE(state == 'T' || state == 'D') << state;
  ASSERT_TRUE(program.tree().thaw().has_value());
  ::usleep(100'000);
  EXPECT_GT(program.output().size(), before);
  ASSERT_TRUE(program.tree().freeze().has_value());
  ASSERT_TRUE(program.tree().kill().has_value());
  EXPECT_TRUE(program.wait_exit().has_value()) << "a frozen tree must die too";
}

int lines_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  int count = 0;
  while (std::getline(file, line)) ++count;
  return count;
}

TEST_P(Owning, a_fork_bomb_is_bounded_and_dies) {
  // User 0 is exempt from RLIMIT_NPROC: without a cgroup nothing would bound the bomb, and the manifest says so.
  if (GetParam().cgroups == Cgroups::kNever && GetParam().namespaces == Namespaces::kNever && ::getuid() == 0) {
    GTEST_SKIP() << "user 0 needs a cgroup or a user of its own for this";
  }
  LaunchRequest request = shell("echo start; b() { b | b & }; b; while :; do sleep 1; done");
  request.profile.limits.processes = 60;
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, std::move(request)).has_value());
  ASSERT_TRUE(program.wait_output("annot fork")) << program.output();
  const json::Value manifest = program.wait_started()->manifest;
  for (const json::Value& mechanism : manifest.find("mechanisms")->as_array()) {
    if (mechanism.string_or("mechanism", "") != "cgroup") continue;
    const int processes = lines_of(std::string(mechanism.string_or("path", "")) + "/cgroup.procs");
    EXPECT_LE(processes, 60);
  }
  ASSERT_TRUE(program.tree().kill().has_value());
  EXPECT_TRUE(program.wait_exit().has_value());
}

TEST_P(Owning, processes_that_fork_all_the_time_cannot_outrun_the_kill) {
  LaunchedProgram program;
  ASSERT_TRUE(program
                  .launch(*launcher_, shell("r() { r & }; for i in 1 2 3 4 5 6 7 8 9 10; do r & done; echo start; "
                                            "while :; do sleep 1; done"))
                  .has_value());
  ASSERT_TRUE(program.wait_output("start"));
  ::usleep(30'000);
  ASSERT_TRUE(program.tree().kill().has_value());
  EXPECT_TRUE(program.wait_exit().has_value());
}

TEST_P(Owning, killing_init_leaves_nothing) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, shell(std::string(kDaemon) + "wait")).has_value());
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value());
  ASSERT_TRUE(program.wait_output("daemon="));
  const int daemon = number_of(program, "daemon");
  ASSERT_EQ(::kill(started->init_pid, SIGKILL), 0);
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(status->signaled);
  EXPECT_EQ(status->code, SIGKILL);
  EXPECT_FALSE(alive(daemon));
  EXPECT_FALSE(alive(started->pid));
}

// Init stands still, as if something made it wait: it is not asked in vain.
TEST_P(Owning, an_init_that_does_not_hear_kill_is_killed_with_its_tree) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, shell(std::string(kDaemon) + "wait")).has_value());
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value());
  ASSERT_TRUE(program.wait_output("daemon="));
  const int daemon = number_of(program, "daemon");
  ASSERT_EQ(::kill(started->init_pid, SIGSTOP), 0);
  ASSERT_TRUE(program.tree().kill().has_value());
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value()) << "the tree lives on";
  EXPECT_EQ(status->code, SIGKILL);
  EXPECT_FALSE(alive(daemon));
  EXPECT_FALSE(alive(started->pid));
}

TEST_P(Owning, the_wall_limit_holds_without_init) {
  LaunchedProgram program;
  LaunchRequest request = shell("echo ready; while :; do sleep 1; done");
  request.profile.limits.wall_ms = 300;
  ASSERT_TRUE(program.launch(*launcher_, std::move(request)).has_value());
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value());
  ASSERT_EQ(::kill(started->init_pid, SIGSTOP), 0);
  const auto status = program.wait_exit();
  ASSERT_TRUE(status.has_value()) << "the tree lives on";
  EXPECT_EQ(status->by, ExitStatus::By::kTimeLimit);
  EXPECT_FALSE(alive(started->pid));
}

TEST_P(Owning, a_tree_that_init_does_not_freeze_is_killed) {
  LaunchedProgram program;
  ASSERT_TRUE(program.launch(*launcher_, shell("echo ready; while :; do sleep 1; done")).has_value());
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value());
  ASSERT_EQ(::kill(started->init_pid, SIGSTOP), 0);
  EXPECT_FALSE(program.tree().freeze().has_value());
  ASSERT_TRUE(program.wait_exit().has_value()) << "the tree lives on";
  EXPECT_FALSE(alive(started->pid));
}

TEST_P(Owning, killing_the_launching_process_leaves_nothing) {
  int report[2];
  ASSERT_EQ(::pipe2(report, O_CLOEXEC), 0);
  launcher_.reset();  // its thread would not survive the fork
  const pid_t owner = ::fork();
  if (owner == 0) {
    const auto launcher = make();
    LaunchedProgram program;
    if (launcher == nullptr || !program.launch(*launcher, shell(std::string(kDaemon) + "wait")).has_value()) ::_exit(1);
    if (!program.wait_output("daemon=")) ::_exit(2);
    const int pids[] = {program.wait_started()->pid, program.wait_started()->init_pid, number_of(program, "daemon")};
    if (::write(report[1], pids, sizeof pids) != sizeof pids) ::_exit(3);
    for (;;) ::pause();
  }
  int pids[3] = {};
  ASSERT_EQ(::read(report[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  ASSERT_TRUE(alive(pids[2]));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  for (const int pid : pids) EXPECT_TRUE(gone_soon(pid)) << pid;
  ::close(report[0]);
  ::close(report[1]);
}

TEST_P(Owning, many_trees_come_and_go) {
  constexpr int kTrees = 40;
  std::vector<std::unique_ptr<LaunchedProgram>> programs;
  for (int i = 0; i < kTrees; ++i) {
    programs.push_back(std::make_unique<LaunchedProgram>());
    ASSERT_TRUE(programs.back()->launch(*launcher_, shell("sleep 100 & exec sleep 100")).has_value());
  }
  for (const auto& program : programs) {
    ASSERT_TRUE(program->wait_started().has_value());
    ASSERT_TRUE(program->tree().kill().has_value());
  }
  for (const auto& program : programs) EXPECT_TRUE(program->wait_exit().has_value());
}

// Started and killed over and over, in every order that eight at a time make; nothing may be left of any.
TEST_P(Owning, trees_started_and_killed_over_and_over_leave_nothing) {
  constexpr int kAtATime = 8;
  const char* given = std::getenv("AGENTOS_CYCLES");  // `make soak` says 1000
  const int cycles = given != nullptr ? std::atoi(given) : 200;
  std::vector<int> pids;
  for (int done = 0; done < cycles; done += kAtATime) {
    std::vector<std::unique_ptr<LaunchedProgram>> programs;
    for (int i = 0; i < kAtATime; ++i) {
      programs.push_back(std::make_unique<LaunchedProgram>());
      LaunchRequest request = shell("(setsid sleep 100 &) ; sleep 100 & exec sleep 100");
      ASSERT_TRUE(programs.back()->launch(*launcher_, std::move(request)).has_value());
    }
    for (int i = 0; i < kAtATime; ++i) {
      const auto started = programs[static_cast<std::size_t>(i)]->wait_started();
      ASSERT_TRUE(started.has_value()) << started.error().message;
      pids.insert(pids.end(), {started->pid, started->init_pid});
      // By order, by dropping the tree, and by the death of init.
      if (i % 3 == 0) ASSERT_TRUE(programs[static_cast<std::size_t>(i)]->tree().kill().has_value());
      if (i % 3 == 1) programs[static_cast<std::size_t>(i)]->drop_tree();
      if (i % 3 == 2) ASSERT_EQ(::kill(started->init_pid, SIGKILL), 0);
    }
    for (const auto& program : programs) ASSERT_TRUE(program->wait_exit().has_value());
  }
  const int own = ::getpid();
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    std::ifstream file("/proc/" + pid + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t end = text.rfind(") ");
    if (end == std::string::npos || text[end + 2] == 'Z') continue;
    EXPECT_NE(std::atoi(text.c_str() + end + 4), own) << text;
  }
  for (const int pid : pids) EXPECT_FALSE(alive(pid)) << pid << state_of(pid);
}

std::vector<int> processes_of_group(int group) {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0 && ::getpgid(pid) == group) found.push_back(pid);
  }
  return found;
}

// How soon is the benchmark's.
TEST_P(Owning, a_tree_of_a_hundred_dies_whole) {
  LaunchedProgram program;
  LaunchRequest request = shell("i=0; while [ $i -lt 99 ]; do sleep 100 & i=$((i+1)); done; echo ready; wait");
  ASSERT_TRUE(program.launch(*launcher_, std::move(request)).has_value());
  const auto started = program.wait_started();
  ASSERT_TRUE(started.has_value()) << started.error().message;
  ASSERT_TRUE(program.wait_output("ready"));
  const std::vector<int> tree = processes_of_group(::getpgid(started->pid));
  EXPECT_GE(tree.size(), 100U);
  ASSERT_TRUE(program.tree().kill().has_value());
  ASSERT_TRUE(program.wait_exit().has_value());
  for (const int pid : tree) EXPECT_FALSE(alive(pid)) << pid << state_of(pid);
}

constexpr Host kHosts[] = {{Cgroups::kWhenPossible, Namespaces::kWhenPossible},
                           {Cgroups::kNever, Namespaces::kWhenPossible},
                           {Cgroups::kWhenPossible, Namespaces::kNever},
                           {Cgroups::kNever, Namespaces::kNever}};

INSTANTIATE_TEST_SUITE_P(Hosts, Owning, testing::ValuesIn(kHosts), [](const auto& run) {
  return std::string(run.param.cgroups == Cgroups::kNever ? "no_cgroup" : "cgroup") +
         (run.param.namespaces == Namespaces::kNever ? "_no_namespaces" : "_namespaces");
});

}  // namespace
}  // namespace agentos::sandbox
