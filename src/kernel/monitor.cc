// The parts that belong to no step: construction, the kernel's own events, and the state gate.
#include "kernel/monitor.h"

#include "lib/canonical/parser_process.h"

namespace agentos::kernel {

std::string_view name_of(KernelState state) {
  static constexpr std::string_view kNames[] = {"booting", "running", "degraded", "panic", "shutdown"};
  return kNames[static_cast<std::size_t>(state)];
}

Monitor::Monitor(KernelOptions options_in, Clock& clock_in, Random& random_in)
    : options(std::move(options_in)),
      clock(clock_in),
      random(random_in),
      policy(options.permissive            ? PolicyStore::Start::kPermissive
             : options.policy_keys.empty() ? PolicyStore::Start::kGoverned
                                           : PolicyStore::Start::kSigned,
             [this] { return typed_tools(); }),
      bundles(options.policy_keys, options.state_directory + "/policy_revisions.json"),
      mcp(clock, options.state_directory + "/mcp/pins"),
      agents(options.agents_max),
      regions(random) {
  metrics.boot_ns = clock.monotonic_ns();
  if (!options.egress.program.empty()) egress = std::make_unique<Egress>(*this);
  if (!options.sql_parser.empty()) {
    sql = std::make_unique<canonical::ParserProcess>(
        canonical::ParserProcessOptions{.program = options.sql_parser,
                                        .deadline = std::chrono::milliseconds(options.sql_deadline_ms),
                                        .start_deadline = std::chrono::milliseconds(options.sql_start_deadline_ms)});
  }
}

std::vector<policy::Vocabulary::Tool> Monitor::typed_tools() const {
  std::vector<policy::Vocabulary::Tool> typed;
  for (const auto& tool : *tools.all()) {
    typed.push_back({tool->manifest.name, tool->manifest.input_schema, tool->manifest.output_schema});
  }
  return typed;
}

Monitor::~Monitor() {
  if (egress != nullptr) egress->stop();
  reactor.stop();
}

Status Monitor::record_event(std::string_view name, const Agent* agent, const json::Object& detail) {
  recorder::Event entry;
  entry.name = name;
  if (agent != nullptr) {
    entry.agent = agent->id;
    entry.run = agent->run;
  }
  entry.time_us = clock.wall_us();
  const std::string text = recorded_detail(json::write_canonical(json::Value(detail)));
  entry.detail.text = text;
  auto index = recorder->append(entry);
  if (!index) return fail(abi::error::record_failed, index.error().message, index.error().hint);
  return {};
}

bool Monitor::gate_open(Error& why) const {
  switch (state.load(std::memory_order_acquire)) {
    case KernelState::kRunning:
    case KernelState::kDegraded:
      break;
    case KernelState::kBooting:
      why = {abi::error::not_running, "the kernel is still booting", "try again"};
      return false;
    case KernelState::kPanic:
      why = {abi::error::not_running, "the kernel is in panic: " + panic_reason,
             "restart it; agentos log verify checks the log"};
      return false;
    case KernelState::kShutdown:
      why = {abi::error::not_running, "the kernel has shut down", "start it again: agentos serve"};
      return false;
  }
  if (Status healthy = recorder->health(); !healthy) {
    why = {abi::error::record_failed, "the flight recorder cannot write: " + healthy.error().message,
           healthy.error().hint};
    return false;
  }
  return true;
}

}  // namespace agentos::kernel
