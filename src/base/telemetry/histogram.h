// Latencies, cheap to record and good enough to quote: a lock-free histogram whose buckets are linear within each power
// of two, so that any quantile is right to 1.6 percent from 1 ns to 2^40 ns (18 minutes). Values below 64 are exact.
// Source of the idea: HdrHistogram (Tene). Thread-safe; readers see each sample entirely or not at all per bucket.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace agentos::telemetry {

class Histogram {
 public:
  Histogram() = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void record(std::uint64_t ns);
  // Adds every sample of `other`, which may still be recorded to.
  void merge(const Histogram& other);

  std::uint64_t count() const;
  std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }  // exact; wraps after 584 years
  std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }  // exact
  // The smallest recorded value (to bucket precision) such that at least the fraction `q` of all samples is no larger.
  // q is clamped to [0, 1]; 0 when nothing was recorded. Samples of 2^40 ns and more count as the maximum.
  std::uint64_t quantile(double q) const;

 private:
  static constexpr std::size_t kExact = 64;      // values below have a bucket each
  static constexpr std::size_t kPerPower = 32;   // buckets of each power of two above
  static constexpr std::size_t kExactPower = 6;  // kExact = 2^6
  static constexpr std::size_t kPowerMax = 40;   // the last bucket takes everything from 2^40 on
  static constexpr std::size_t kBuckets = kExact + (kPowerMax - kExactPower) * kPerPower + 1;

  static std::size_t bucket_of(std::uint64_t ns);
  static std::uint64_t middle_of(std::size_t bucket);
  void raise_max(std::uint64_t ns);

  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> sum_{0};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace agentos::telemetry
