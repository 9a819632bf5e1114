// Throughput and latency of the recorder on a real disk.
//
//   recorder_bench [DIRECTORY]                 producer and writer on different cores
//   taskset -c 0 recorder_bench [DIRECTORY]    both on one core
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/recorder/leaf_writer.h"
#include "lib/recorder/reader.h"
#include "lib/recorder/recorder.h"

namespace agentos::recorder {
namespace {

using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

const std::string kArguments =
    R"({"content":"The quick brown fox jumps over the lazy dog.","offset":0,"path":"/mem/working/today.md"})";

Intent intent_at(std::int64_t time_us) {
  Intent intent;
  intent.agent = "agent-01j9z3k8";
  intent.run = "run-7f3a9c21";
  intent.call = "write";
  intent.effect = Effect::kState;
  intent.rule = "agent-default/workspace-files";
  intent.policy_epoch = 3;
  intent.time_us = time_us;
  intent.arguments.text = kArguments;
  return intent;
}

Outcome outcome_of(Index intent, std::int64_t time_us) {
  Outcome outcome;
  outcome.intent = intent;
  outcome.agent = "agent-01j9z3k8";
  outcome.call = "write";
  outcome.bytes = 44;
  outcome.duration_us = 17;
  outcome.time_us = time_us;
  outcome.result.text = kArguments;
  return outcome;
}

void report(const char* what, std::vector<double>& samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double part) {
    return samples[static_cast<std::size_t>(part * static_cast<double>(samples.size() - 1))];
  };
  fmt::print("{}: p50 {:.2f} us, p99 {:.2f} us, p99.9 {:.2f} us\n", what, at(0.5), at(0.99), at(0.999));
}

void bench_encode() {
  std::string out;
  const Entry entry = intent_at(1'700'000'000'000'000);
  constexpr int kRounds = 2'000'000;
  const auto start = Steady::now();
  std::size_t octets = 0;
  for (int i = 0; i < kRounds; ++i) {
    out.clear();
    encode_leaf_without_commitment(entry, out);
    octets += out.size();
  }
  fmt::print("encode an intent ({} octets): {:.0f} ns\n", octets / kRounds, seconds_since(start) / kRounds * 1e9);
}

bool bench_throughput(const std::string& directory, int calls) {
  RealClock clock;
  SystemRandom random;
  Options options;
  options.directory = directory;
  auto recorder = Recorder::open(options, clock, random);
  if (!recorder) {
    fmt::print("{}\n", recorder.error().message);
    return false;
  }
  std::int64_t time_us = clock.wall_us();
  const double cpu = cpu_seconds();
  const auto start = Steady::now();
  for (int i = 0; i < calls; ++i) {
    const auto index = (*recorder)->append(intent_at(++time_us));
    if (!index || !(*recorder)->append(outcome_of(*index, ++time_us))) return false;
  }
  const double appended = seconds_since(start);
  const Stats stats = (*recorder)->stats();
  if (!(*recorder)->wait_durable(stats.entries - 1)) return false;
  const double elapsed = seconds_since(start);
  const double used = cpu_seconds() - cpu;
  const double entries = 2.0 * calls;
  fmt::print(
      "append: {:.0f} entries/s durable ({:.0f}/s accepted), {:.0f} ns of processor an entry, {} commits, {} MiB\n",
      entries / elapsed, entries / appended, used / entries * 1e9, (*recorder)->stats().commits,
      (*recorder)->stats().bytes >> 20);
  return (*recorder)->close().has_value();
}

bool bench_latency(const std::string& directory) {
  RealClock clock;
  SystemRandom random;
  Options options;
  options.directory = directory;
  auto recorder = Recorder::open(options, clock, random);
  if (!recorder) return false;
  std::vector<double> samples;
  for (int i = 0; i < 200'000; ++i) {
    const auto start = Steady::now();
    const auto index = (*recorder)->append(intent_at(i));
    samples.push_back(seconds_since(start) * 1e6);
    if (!index || !(*recorder)->append(outcome_of(*index, i))) return false;
  }
  report("append (producer)", samples);
  samples.clear();
  for (int i = 0; i < 4'000; ++i) {
    const auto index = (*recorder)->append(intent_at(i));
    const auto start = Steady::now();
    if (!index || !(*recorder)->wait_durable(*index)) return false;
    samples.push_back(seconds_since(start) * 1e6);
  }
  report("wait_durable (one caller)", samples);
  return (*recorder)->close().has_value();
}

bool bench_verify(const std::string& directory) {
  const auto start = Steady::now();
  const auto verified = verify_log(directory);
  if (!verified || !verified->valid) {
    fmt::print("verify: {} at {}\n", verified ? verified->problem : verified.error().message,
               verified ? verified->position : "");
    return false;
  }
  fmt::print("verify: {:.0f} entries/s ({} entries, {} openings)\n",
             static_cast<double>(verified->entries) / seconds_since(start), verified->entries, verified->openings);
  return true;
}

}  // namespace
}  // namespace agentos::recorder

int main(int argc, char** argv) {
  using namespace agentos::recorder;
  std::string place = std::string(argc > 1 ? argv[1] : "/tmp") + "/recorder_bench.XXXXXX";
  if (mkdtemp(place.data()) == nullptr) return 1;
  bench_encode();
  bool good = bench_latency(place + "/latency");
  for (int round = 0; good && round < 3; ++round) good = bench_throughput(place + "/throughput", 300'000);
  good = good && bench_verify(place + "/throughput");
  std::filesystem::remove_all(place);
  return good ? 0 : 1;
}
