// How long building, catching up and asking take.
//
//   index_bench DIRECTORY [ENTRIES [again]]     the log is made there when it is absent, and left for the next run;
//                                               again: so is the index
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/random.h"
#include "lib/recorder/index/log_index.h"
#include "lib/recorder/recorder.h"

namespace {

using namespace agentos;
using namespace agentos::recorder;
using Steady = std::chrono::steady_clock;

constexpr int kColdRounds = 7;

double ms_since(Steady::time_point start) {
  return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

// A thousand agents; one of them is rare.
bool make_log(const std::string& directory, std::uint64_t entries) {
  RealClock clock;
  SystemRandom random;
  Options options;
  options.directory = directory;
  options.disk_bytes_max = 0;
  auto recorder = Recorder::open(options, clock, random);
  if (!recorder) return false;
  for (std::uint64_t i = 0; i * 2 < entries; ++i) {
    const std::string agent = i % 5000 == 0 ? "rare-1" : fmt::format("agent-{}", i * 7919 % 999);
    const std::string run = "run-" + agent;
    const std::string arguments = fmt::format(R"({{"data":"{}","path":"/state/notes-{}.md"}})", i, i % 977);
    Intent intent;
    intent.agent = agent;
    intent.run = run;
    intent.call = "write";
    intent.effect = Effect::kState;
    intent.rule = "agent-default/workspace-files";
    intent.policy_epoch = 3;
    intent.time_us = 1'700'000'000'000'000 + static_cast<std::int64_t>(i) * 10;
    intent.arguments.text = arguments;
    const auto index = (*recorder)->append(intent);
    if (!index) return false;
    Outcome outcome;
    outcome.intent = *index;
    outcome.agent = agent;
    outcome.call = "write";
    outcome.bytes = 44;
    outcome.duration_us = 17;
    outcome.time_us = intent.time_us + 5;
    outcome.result.text = R"({"written":44})";
    if (!(*recorder)->append(outcome)) return false;
  }
  return (*recorder)->close().has_value();
}

// As after a restart of the machine: nothing of the log is in memory.
void forget(const std::string& directory) {
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const int fd = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    (void)::fdatasync(fd);
    (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    (void)::close(fd);
  }
}

bool ask(LogIndex& index, const char* what, const Filter& filter, std::size_t count) {
  std::vector<double> samples;
  std::size_t found = 0;
  for (int i = 0; i < 51; ++i) {
    const auto start = Steady::now();
    const auto entries = index.newest(filter, count);
    samples.push_back(ms_since(start));
    if (!entries) {
      fmt::print("{}\n", entries.error().message);
      return false;
    }
    found = entries->size();
  }
  const double first = samples.front();
  std::ranges::sort(samples);
  fmt::print("{:<48} {:>6} entries  first {:>8.2f} ms  p50 {:>8.2f} ms  worst {:>8.2f} ms\n", what, found, first,
             samples[25], samples.back());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  const std::string directory = argv[1];
  const std::uint64_t entries = argc > 2 ? std::stoull(argv[2]) : 1'000'000;
  if (!std::filesystem::exists(directory + "/log.pub") && !make_log(directory, entries)) return 1;
  const bool again = argc > 3;  // with what is there
  if (!again) remove_database(directory + "/" + kIndexName);
  auto index = LogIndex::open(directory);
  if (!index) return 1;
  auto start = Steady::now();
  const auto built = (*index)->catch_up();
  if (!built) {
    fmt::print("{}\n", built.error().message);
    return 1;
  }
  const double ms = ms_since(start);
  fmt::print("built: {} entries in {:.1f} s, {:.0f} entries/s, {} MiB\n", built->entries, ms / 1000,
             static_cast<double>(built->entries) / ms * 1000,
             std::filesystem::file_size(directory + "/" + kIndexName) >> 20);
  forget(directory);
  start = Steady::now();
  const auto cold = (*index)->newest({.agent = "agent-500"}, 100);
  if (!cold) return 1;
  fmt::print("newest {} of a busy agent, none of the log in memory: {:.2f} ms\n", cold->size(), ms_since(start));
  start = Steady::now();
  index = LogIndex::open(directory);
  if (!index || !(*index)->catch_up()) return 1;
  fmt::print("opened again and caught up with nothing: {:.2f} ms\n", ms_since(start));
  for (int i = 0; i < kColdRounds; ++i) {
    *index = nullptr;
    forget(directory);
    start = Steady::now();
    index = LogIndex::open(directory);
    if (!index || !(*index)->catch_up()) return 1;
    const double opened = ms_since(start);
    if (!(*index)->newest({.agent = fmt::format("agent-{}", 100 + i)}, 100)) return 1;
    fmt::print(
        "opened, caught up ({:.2f} ms) and asked for the newest 100 of a busy agent, nothing in memory: {:.2f} ms\n",
        opened, ms_since(start));
  }
  const bool good =
      ask(**index, "newest 100 of a busy agent", {.agent = "agent-500"}, 100) &&
      ask(**index, "newest 100 of a rare agent", {.agent = "rare-1"}, 100) &&
      ask(**index, "newest 100 of an agent's outcomes", {.agent = "rare-1", .kind = "outcome"}, 100) &&
      ask(**index, "newest 100 of a run", {.run = "run-agent-7"}, 100) && ask(**index, "newest 100 of all", {}, 100) &&
      ask(**index, "an agent in an hour",
          {.agent = "agent-500", .from_us = 1'700'000'001'000'000, .until_us = 1'700'003'601'000'000}, 100) &&
      ask(**index, "denied (none)", {.decided = Decided::kDeny}, 100);
  return good ? 0 : 1;
}
