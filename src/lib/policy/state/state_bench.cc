// Nanoseconds of what a decision asks of the state: best of five rounds, one thread, 1,000 subjects and runs in turn.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "lib/policy/state/meters.h"
#include "lib/policy/state/sequence.h"
#include "lib/policy/state/window.h"

namespace {

using namespace agentos::policy;
constexpr int kSubjects = 1'000;
constexpr int kRepeats = 200'000;
constexpr std::int64_t kDayUs = 86'400'000'000;

template <class Body>
void measure(std::string_view what, Body body) {
  double best = 1e18;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) body(i);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kRepeats);
  }
  fmt::print("{{\"bench\":\"policy_state\",\"what\":\"{}\",\"ns\":{:.1f}}}\n", what, best);
}

struct Loaded {
  std::shared_ptr<Meters> meters;
  std::vector<std::string> names;
  Histories histories;
  std::shared_ptr<const Sequences> sequences;
};

void load(Loaded& loaded) {
  const std::vector<LimitSpec> specs = {
      {.id = "bucket", .amount = 1'000'000'000, .per_us = 1'000'000},
      {.id = "window", .shape = Shape::kSlidingWindow, .amount = 1'000'000'000'000, .per_us = 1'000'000},
      {.id = "at once", .measure = Measure::kConcurrency, .amount = 1'000'000}};
  loaded.meters = *Meters::make(specs);
  const std::vector<SequenceSpec> sequences = {{.id = "s", .steps = 3, .has_until = true}, {.id = "t", .steps = 2}};
  loaded.sequences = *loaded.histories.load(sequences);
  for (int i = 0; i < kSubjects; ++i) {
    loaded.names.push_back(fmt::format("agent-{:04}", i));
    for (std::uint32_t limit = 0; limit < specs.size(); ++limit) {
      const Charge charge{limit, loaded.names.back(), 1};
      if (!loaded.meters->reserve({&charge, 1}, 1)) std::abort();
    }
    if (!loaded.histories.begin(loaded.names.back())) std::abort();
  }
}

}  // namespace

int main() {
  Loaded loaded;
  load(loaded);
  std::int64_t now_us = 1'000'000;
  std::size_t sum = 0;
  const auto name = [&](int i) -> const std::string& { return loaded.names[static_cast<std::size_t>(i % kSubjects)]; };

  for (const std::uint32_t limit : {0u, 1u}) {
    measure(limit == 0 ? "would_allow, bucket" : "would_allow, window",
            [&](int i) { sum += loaded.meters->would_allow({limit, name(i), 1}, now_us + i).has_value() ? 1 : 0; });
  }
  for (const std::uint32_t limits : {1u, 2u, 3u}) {
    measure(fmt::format("reserve and settle, {} limits", limits), [&](int i) {
      const std::array<Charge, 3> charges = {Charge{0, name(i), 1}, Charge{1, name(i), 1}, Charge{2, name(i), 1}};
      auto reserved = loaded.meters->reserve({charges.data(), limits}, now_us += 1);
      sum += reserved.has_value() ? 1 : 0;
      if (reserved) reserved->settle();
    });
  }
  measure("advance, 2 sequences", [&](int i) {
    const std::array<Match, 2> matches = {Match{0, static_cast<std::uint8_t>(1 << i % 3)}, Match{1, 1}};
    sum += loaded.histories.advance(name(i), *loaded.sequences, matches, now_us += 1).has_value() ? 1 : 0;
  });
  measure("happened", [&](int i) {
    sum += loaded.histories.happened(name(i), *loaded.sequences, static_cast<std::uint32_t>(i & 1), now_us) ? 1 : 0;
  });
  measure("count_allowed",
          [&](int i) { sum += loaded.histories.count_allowed(name(i), "exec", "json_query").has_value() ? 1 : 0; });
  measure("count", [&](int i) {
    sum += static_cast<std::size_t>(loaded.histories.count(name(i), Counted::kTool, "json_query"));
  });
  const auto berlin = agentos::Zone::load("Europe/Berlin");
  if (berlin) {
    const Window window = *Window::make({.days = 0x1F, .from_minute = 540, .to_minute = 1020, .zone = *berlin});
    measure("window contains, same season", [&](int i) { sum += window.contains(1'700'000'000'000'000 + i) ? 1 : 0; });
    measure("window contains, any season", [&](int i) { sum += window.contains(i * 97 * kDayUs / 10) ? 1 : 0; });
  }
  return sum == 0 ? 1 : 0;
}
