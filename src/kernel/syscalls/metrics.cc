// metrics: counters, histograms, and the recorder's state.
#include "kernel/syscalls/handlers.h"

namespace agentos::kernel::syscalls {

Acted metrics_call(CallContext& context, const abi::MetricsRequest&, abi::MetricsReply& reply) {
  const Monitor& monitor = context.monitor;
  json::Value report = monitor.metrics.report(monitor.clock.monotonic_ns(), monitor.agents.alive_count());
  const recorder::Stats stats = monitor.recorder->stats();
  json::Object log;
  log["directory"] = stats.directory;
  log["mode"] = recorder::name_of(stats.mode);
  log["entries"] = static_cast<std::int64_t>(stats.entries);
  log["durable"] = static_cast<std::int64_t>(stats.durable);
  log["bytes"] = static_cast<std::int64_t>(stats.bytes);
  log["segments"] = static_cast<std::int64_t>(stats.segments);
  log["commits"] = static_cast<std::int64_t>(stats.commits);
  log["healthy"] = stats.healthy;
  log["error"] = stats.error;
  log["signed"] = static_cast<std::int64_t>(stats.checkpoint_size);
  log["signer_starts"] = static_cast<std::int64_t>(stats.signer_starts);
  log["signer_error"] = stats.signer_error;
  log["tiled"] = static_cast<std::int64_t>(stats.tiled);
  log["tiles_error"] = stats.tiles_error;
  report.as_object()["log"] = std::move(log);
  reply.metrics = std::move(report);
  return done();
}

}  // namespace agentos::kernel::syscalls
