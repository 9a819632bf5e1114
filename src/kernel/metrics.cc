// The metrics call's answer: the original's seven, and a histogram per call that was made.
#include "kernel/metrics.h"

namespace agentos::kernel {

Metrics::Metrics() {
  for (const abi::Row& row : abi::rows()) latency_[row.number] = std::make_unique<telemetry::Histogram>();
}

json::Value Metrics::report(std::int64_t now_ns, std::size_t agents_alive) const {
  json::Object out;
  out["syscall_count"] = syscall_count.load();
  out["policy_checks"] = policy_checks.load();
  out["policy_violations"] = policy_violations.load();
  out["agent_crashes"] = agent_crashes.load();
  out["kernel_panics"] = kernel_panics.load();
  out["uptime_seconds"] = static_cast<double>(now_ns - boot_ns) / 1e9;
  out["active_agents"] = static_cast<std::int64_t>(agents_alive);
  out["refused"] = refused.load();
  out["approvals_asked"] = approvals_asked.load();
  json::Object latencies;
  for (const abi::Row& row : abi::rows()) {
    const telemetry::Histogram& histogram = *latency_[row.number];
    if (histogram.count() == 0) continue;
    json::Object one;
    one["count"] = static_cast<std::int64_t>(histogram.count());
    one["p50_ns"] = static_cast<std::int64_t>(histogram.quantile(0.5));
    one["p99_ns"] = static_cast<std::int64_t>(histogram.quantile(0.99));
    one["p999_ns"] = static_cast<std::int64_t>(histogram.quantile(0.999));
    one["max_ns"] = static_cast<std::int64_t>(histogram.max());
    latencies.append(std::string(row.name), json::Value(std::move(one)));
  }
  out["latency"] = std::move(latencies);
  return out;
}

}  // namespace agentos::kernel
