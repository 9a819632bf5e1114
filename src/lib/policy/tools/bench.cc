// Throughput and latency are measured apart, since timing single decisions costs more than some of them.
#include "lib/policy/tools/bench.h"

#include <algorithm>
#include <chrono>

namespace agentos::policy::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSamplesMax = 1'000'000;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

double nanoseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::nano>(to - from).count();
}

double at_quantile(std::vector<double>& samples, double quantile) {
  const auto place = static_cast<std::ptrdiff_t>(quantile * static_cast<double>(samples.size() - 1));
  std::nth_element(samples.begin(), samples.begin() + place, samples.end());
  return samples[static_cast<std::size_t>(place)];
}

double cost_of_clock() {
  std::vector<double> samples;
  for (int i = 0; i < 1001; ++i) {
    const auto before = Clock::now();
    samples.push_back(nanoseconds_between(before, Clock::now()));
  }
  return at_quantile(samples, 0.5);
}

}  // namespace

BenchResult bench(const Program& program, const std::vector<std::unique_ptr<const StatedRequest>>& requests,
                  double seconds) {
  BenchResult result;
  std::uint64_t verdicts = 0;  // used, so that deciding cannot be left out
  const auto decide_all = [&] {
    for (const auto& request : requests)
      verdicts += static_cast<std::uint64_t>(program.decide(request->request()).verdict);
  };
  decide_all();
  const auto start = Clock::now();
  do {
    decide_all();
    result.decisions += static_cast<std::int64_t>(requests.size());
    result.seconds = seconds_between(start, Clock::now());
  } while (result.seconds < seconds * 2 / 3);
  result.per_second = static_cast<double>(result.decisions) / result.seconds;
  result.clock_ns = cost_of_clock();
  std::vector<double> samples;
  const auto timed = Clock::now();
  do {
    for (const auto& request : requests) {
      const auto before = Clock::now();
      verdicts += static_cast<std::uint64_t>(program.decide(request->request()).verdict);
      samples.push_back(std::max(0.0, nanoseconds_between(before, Clock::now()) - result.clock_ns));
    }
  } while (seconds_between(timed, Clock::now()) < seconds / 3 && samples.size() < kSamplesMax);
  result.decisions += static_cast<std::int64_t>(samples.size());
  result.p50_ns = at_quantile(samples, 0.5);
  result.p99_ns = at_quantile(samples, 0.99);
  // Never so many that the sum is this; keeps `verdicts` alive.
  if (verdicts == UINT64_MAX) result.decisions = 0;
  return result;
}

}  // namespace agentos::policy::tools
