// Nanoseconds a decision takes, for 1 to 10,000 rules, when a rule allows (hit) and when none does (miss); and how long
// compiling takes. Of eight rules four name a tool, two a folder, one a tool and a bound on an argument, one a value of
// an argument of one tool they all share; one rule in fifty is a tool glob. 4,096 requests go round, so that rules are
// not all in cache. A sample is the mean of 64 decisions. One JSON object a line.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "lib/policy/fixture.h"

using namespace agentos::policy;
using Clock = std::chrono::steady_clock;

namespace {

std::string rule_text(int i) {
  if (i % 50 == 49)
    return fmt::format("    - {{name: r{0}, syscalls: [exec], tools: [\"g{0}_*_x\"], action: allow}}\n", i);
  switch (i % 4) {
    case 0:
    case 1:
      return fmt::format("    - {{name: r{0}, syscalls: [exec], tools: [tool_{0}], action: allow}}\n", i);
    case 2:
      return fmt::format("    - {{name: r{0}, syscalls: [read], paths: [\"/mem/p{0}/**\"], action: allow}}\n", i);
    default:
      if (i % 8 == 7) {
        return fmt::format(
            "    - {{name: r{0}, syscalls: [exec], tools: [pay], arguments: {{to: {{equals: account{0}}}}}, action: "
            "allow}}\n",
            i);
      }
      return fmt::format(
          "    - {{name: r{0}, syscalls: [exec], tools: [tool_{0}], "
          "arguments: {{amount: {{at_most: 100}}}}, action: allow}}\n",
          i);
  }
}

std::vector<fixture::Asked> requests(int rules, bool hit) {
  std::vector<fixture::Asked> asked;
  for (int n = 0; n < 4'096; ++n) {
    int i = static_cast<int>((static_cast<long long>(n) * 7919) % rules);
    if (i % 50 == 49) --i;
    fixture::Asked one;
    one.arguments.values["amount"] = std::int64_t{hit ? 7 : 700};
    if (i % 4 == 2) {
      one.path = fmt::format("/mem/{}{}/notes/today.txt", hit ? "p" : "q", i);
    } else {
      one.call = "exec";
      one.tool = i % 8 == 7 ? "pay" : fmt::format("tool_{}", hit || i % 4 == 3 ? i : i + 1'000'000);
      one.arguments.values["to"] = fmt::format("account{}", hit ? i : i + 1'000'000);
    }
    asked.push_back(one);
  }
  return asked;
}

double percentile(std::vector<double>& samples, double which) {
  std::ranges::sort(samples);
  return samples[static_cast<std::size_t>(which * static_cast<double>(samples.size() - 1))];
}

void measure(const Program& program, int rules, bool hit, double compile_ms) {
  const std::vector<fixture::Asked> asked = requests(rules, hit);
  std::vector<Request> views;
  for (const auto& one : asked) views.push_back(one.request());
  std::size_t allowed = 0;
  constexpr int kBatch = 64;
  constexpr int kSamples = 20'000;
  std::vector<double> samples;
  samples.reserve(kSamples);
  for (int s = -1'000; s < kSamples; ++s) {
    const auto start = Clock::now();
    for (int k = 0; k < kBatch; ++k) {
      allowed +=
          program.decide(views[static_cast<std::size_t>(s + 1'000 + k) * 17 % views.size()]).verdict == Verdict::kAllow
              ? 1
              : 0;
    }
    const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count() / kBatch;
    if (s >= 0) samples.push_back(ns);
  }
  if ((allowed != 0) != hit) fmt::print("{{\"error\":\"the workload is wrong\"}}\n");
  fmt::print(
      "{{\"bench\":\"policy\",\"rules\":{},\"kind\":\"{}\",\"p50_ns\":{:.1f},\"p99_ns\":{:.1f},\"compile_ms\":{:.2f}}}"
      "\n",
      rules, hit ? "hit" : "miss", percentile(samples, 0.5), percentile(samples, 0.99), compile_ms);
}

}  // namespace

int main() {
  for (int rules : {1, 10, 100, 1'000, 10'000}) {
    std::string text;
    for (int i = 0; i < rules; ++i) text += rule_text(i);
    text = fixture::document("bench", text);
    const auto start = Clock::now();
    auto program = fixture::compile({text});
    const double compile_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (!program) {
      fmt::print(stderr, "{}\n", program.error().message);
      return 1;
    }
    measure(**program, rules, true, compile_ms);
    measure(**program, rules, false, compile_ms);
  }
  return 0;
}
