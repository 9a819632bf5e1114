// A number many threads add to and anyone reads. No order is implied between counters; reading never blocks writing.
#pragma once

#include <atomic>
#include <cstdint>

namespace agentos::telemetry {

class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace agentos::telemetry
