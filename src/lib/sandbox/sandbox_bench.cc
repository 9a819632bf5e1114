// The time from launch to on_exit of /bin/true, beside posix_spawn and waitpid of the same program, interleaved.
//   sandbox_bench [rounds]
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "lib/sandbox/launched_program.h"
#include "lib/sandbox/launcher_options.h"

namespace agentos::sandbox {
namespace {

using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double spawn_plainly() {
  const auto start = Clock::now();
  char name[] = "true";
  char* const arguments[] = {name, nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = -1;
  if (::posix_spawn(&pid, "/usr/bin/true", nullptr, nullptr, arguments, environment) != 0) return -1;
  ::waitpid(pid, nullptr, 0);
  return microseconds_since(start);
}

struct Times {
  double started_us = -1;
  double ended_us = -1;
};

Times launch_confined(Launcher& launcher, const Profile& profile) {
  LaunchedProgram program;
  LaunchRequest request;
  request.command = {"/usr/bin/true"};
  request.profile = profile;
  const auto start = Clock::now();
  Times times;
  if (!program.launch(launcher, std::move(request)) || !program.wait_started()) return times;
  times.started_us = microseconds_since(start);
  if (!program.wait_exit()) return times;
  times.ended_us = microseconds_since(start);
  return times;
}

void print(const char* what, std::vector<double>& samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double part) { return samples[static_cast<std::size_t>(part * double(samples.size() - 1))]; };
  std::printf("%-44s p50 %7.0f us  p90 %7.0f us  min %7.0f us  (%zu)\n", what, at(0.5), at(0.9), samples.front(),
              samples.size());
}

int run(int rounds) {
  auto launcher = make_launcher(init_path_for_tests());
  auto without_cgroup = make_launcher_with({init_path_for_tests(), "", Cgroups::kNever});
  const auto profile = preset_profile("agent-default");
  if (!launcher || !without_cgroup || !profile) return 1;
  std::vector<double> plain, started, ended, bare;
  for (int i = 0; i < rounds; ++i) {
    plain.push_back(spawn_plainly());
    const Times times = launch_confined(**launcher, *profile);
    bare.push_back(launch_confined(**without_cgroup, *profile).ended_us);
    if (times.ended_us < 0 || bare.back() < 0) return 1;
    started.push_back(times.started_us);
    ended.push_back(times.ended_us);
  }
  print("posix_spawn + waitpid of /usr/bin/true", plain);
  print("launch to on_start (manifest known)", started);
  print("launch to on_exit (tree and tmp gone)", ended);
  print("launch to on_exit without cgroups", bare);
  return 0;
}

}  // namespace
}  // namespace agentos::sandbox

int main(int count, char** arguments) { return agentos::sandbox::run(count > 1 ? std::atoi(arguments[1]) : 300); }
