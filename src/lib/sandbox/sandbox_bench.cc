// The time from launch to on_exit of /bin/true, beside posix_spawn and waitpid of the same program, interleaved.
//   sandbox_bench [rounds]
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
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

// From the word to the last process of 100, told by on_exit.
double kill_a_hundred(Launcher& launcher, const Profile& profile) {
  LaunchedProgram program;
  LaunchRequest request;
  request.command = {"/bin/sh", "-c", "i=0; while [ $i -lt 99 ]; do sleep 100 & i=$((i+1)); done; echo ready; wait"};
  request.profile = profile;
  if (!program.launch(launcher, std::move(request)) || !program.wait_output("ready")) return -1;
  const auto start = Clock::now();
  if (!program.tree().kill() || !program.wait_exit()) return -1;
  return microseconds_since(start);
}

struct Variant {
  const char* name;
  Cgroups cgroups;
  Namespaces namespaces;
};
constexpr Variant kVariants[] = {{"namespaces and cgroups", Cgroups::kWhenPossible, Namespaces::kWhenPossible},
                                 {"namespaces", Cgroups::kNever, Namespaces::kWhenPossible},
                                 {"cgroups", Cgroups::kWhenPossible, Namespaces::kNever},
                                 {"neither", Cgroups::kNever, Namespaces::kNever}};
constexpr std::size_t kVariantCount = std::size(kVariants);
constexpr int kKillsPerRound = 20;  // rounds for one kill

int run(int rounds) {
  const auto profile = preset_profile("agent-default");
  std::unique_ptr<Launcher> launchers[kVariantCount];
  std::vector<double> plain, started[kVariantCount], ended[kVariantCount], killed[kVariantCount];
  for (std::size_t v = 0; v < kVariantCount; ++v) {
    LauncherOptions options;
    options.init_path = init_path_for_tests();
    options.cgroups = kVariants[v].cgroups;
    options.namespaces = kVariants[v].namespaces;
    auto made = make_launcher_with(options);
    if (!made) return 1;
    launchers[v] = std::move(*made);
  }
  for (int i = 0; i < rounds; ++i) {
    plain.push_back(spawn_plainly());
    for (std::size_t v = 0; v < kVariantCount; ++v) {
      const Times times = launch_confined(*launchers[v], *profile);
      if (times.ended_us < 0) return 1;
      started[v].push_back(times.started_us);
      ended[v].push_back(times.ended_us);
      if (i % kKillsPerRound == 0) killed[v].push_back(kill_a_hundred(*launchers[v], *profile));
    }
  }
  print("posix_spawn + waitpid of /usr/bin/true", plain);
  for (std::size_t v = 0; v < kVariantCount; ++v) {
    std::printf("%s\n", kVariants[v].name);
    print("  launch to on_start (manifest known)", started[v]);
    print("  launch to on_exit (tree and tmp gone)", ended[v]);
    print("  kill of a tree of 100", killed[v]);
  }
  return 0;
}

}  // namespace
}  // namespace agentos::sandbox

int main(int count, char** arguments) { return agentos::sandbox::run(count > 1 ? std::atoi(arguments[1]) : 300); }
