// agentos metrics: the kernel's counters and, per call, its latencies.
#include <fmt/format.h>

#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"

namespace agentos::cli {
namespace {

std::string show_ns(std::int64_t ns) { return ns < 10'000 ? fmt::format("{}ns", ns) : show_duration_us(ns / 1000); }

}  // namespace

Result<int> verb_metrics(const Globals& globals) {
  Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  const abi::MetricsReply reply = TRY(reached.client->call(abi::MetricsRequest{}));
  if (globals.format == Format::kJson) {
    print_json(reply.metrics);
    return kExitOk;
  }
  Table counters({{"METRIC"}, {"VALUE", Align::kRight}});
  for (const auto& [name, value] : reply.metrics.as_object()) {
    if (value.is_number()) counters.add({name, json::write(value)});
  }
  if (const json::Value* log = reply.metrics.find("log"); log != nullptr && log->is_object()) {
    for (const auto& [name, value] : log->as_object()) {
      if (!value.is_array() && !value.is_object()) {
        counters.add({"log " + name, value.is_string() ? value.as_string() : json::write(value)});
      }
    }
  }
  print_table(counters);
  const json::Value* latency = reply.metrics.find("latency");
  if (latency == nullptr || !latency->is_object() || latency->as_object().empty()) return kExitOk;
  Table latencies({{"CALL"},
                   {"COUNT", Align::kRight},
                   {"P50", Align::kRight},
                   {"P99", Align::kRight},
                   {"P99.9", Align::kRight},
                   {"MAX", Align::kRight}});
  for (const auto& [call, one] : latency->as_object()) {
    latencies.add({call, std::to_string(one.int_or("count", 0)), show_ns(one.int_or("p50_ns", 0)),
                   show_ns(one.int_or("p99_ns", 0)), show_ns(one.int_or("p999_ns", 0)),
                   show_ns(one.int_or("max_ns", 0))});
  }
  print("\n");
  print_table(latencies);
  return kExitOk;
}

}  // namespace agentos::cli
