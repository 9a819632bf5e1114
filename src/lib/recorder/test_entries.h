// Entries and a recorder for tests.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "lib/recorder/fake_disk.h"
#include "lib/recorder/log_recorder.h"

namespace agentos::recorder::testing {

inline constexpr std::string_view kArguments = R"({"path":"/state/notes.md"})";

inline Intent intent(std::string_view agent, Effect effect = Effect::kState) {
  Intent entry;
  entry.agent = agent;
  entry.run = "run-1";
  entry.call = "write";
  entry.effect = effect;
  entry.rule = "agent-default/workspace";
  entry.policy_epoch = 1;
  entry.time_us = 1'700'000'000'000'000;
  entry.arguments.text = kArguments;
  return entry;
}

inline Outcome outcome(Index of, std::string_view agent) {
  Outcome entry;
  entry.intent = of;
  entry.agent = agent;
  entry.call = "write";
  entry.bytes = 7;
  entry.duration_us = 12;
  entry.time_us = 1'700'000'000'000'012;
  entry.result.text = "0";
  return entry;
}

inline Refused refused(std::string_view agent) {
  Refused entry;
  entry.agent = agent;
  entry.call = "exec";
  entry.step = "policy";
  entry.rule = "agent-default/deny";
  entry.reason = "no rule allows it";
  entry.code = -2;
  entry.time_us = 1'700'000'000'000'000;
  return entry;
}

inline Event event(std::string_view name) {
  Event entry;
  entry.name = name;
  entry.time_us = 1'700'000'000'000'000;
  entry.detail.text = "{}";
  return entry;
}

// A recorder in "/log" of a fake disk; its segments are as small as they can be.
struct FakeWorld {
  FakeClock clock;
  SeededRandom random{7};

  Options options() const {
    Options options;
    options.directory = "/log";
    options.segment_bytes = kSegmentSizeMin;
    options.commit_interval_ms = 1;
    return options;
  }
  // The same, for a test that cannot go on without.
  std::unique_ptr<Recorder> start(Disk& disk) { return start(disk, options()); }
  std::unique_ptr<Recorder> start(Disk& disk, Options options) {
    auto recorder = open(disk, std::move(options));
    if (!recorder) throw std::runtime_error(recorder.error().message);
    return std::move(*recorder);
  }
  Result<std::unique_ptr<Recorder>> open(Disk& disk) { return open(disk, options()); }
  Result<std::unique_ptr<Recorder>> open(Disk& disk, Options options) {
    return open_recorder(std::move(options), clock, random, disk, Preparation::kWhenNeeded);
  }
};

}  // namespace agentos::recorder::testing
