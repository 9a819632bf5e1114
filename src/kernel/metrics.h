// The kernel's counters and latency histograms. Lock-free to record; read by the metrics call.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "abi/table.h"
#include "base/json/value.h"
#include "base/telemetry/histogram.h"

namespace agentos::kernel {

struct Metrics {
  std::atomic<std::uint64_t> syscall_count{0};      // calls that reached the dispatcher
  std::atomic<std::uint64_t> policy_checks{0};      // decisions taken for calls (not for checkpolicy's question)
  std::atomic<std::uint64_t> policy_violations{0};  // denied by a rule or by default; not by "no-policy"
  std::atomic<std::uint64_t> agent_crashes{0};      // agents that ended by a signal nobody of ours sent
  std::atomic<std::uint64_t> kernel_panics{0};
  std::atomic<std::uint64_t> refused{0};  // at any step
  std::atomic<std::uint64_t> approvals_asked{0};
  std::int64_t boot_ns = 0;  // monotonic

  Metrics();
  telemetry::Histogram& latency(const abi::Row& row) { return *latency_[row.number]; }
  json::Value report(std::int64_t now_ns, std::size_t agents_alive) const;

 private:
  std::array<std::unique_ptr<telemetry::Histogram>, abi::kCallNumberMax + 1> latency_;
};

}  // namespace agentos::kernel
