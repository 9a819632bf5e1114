// Bucket arithmetic: a value's five bits after its leading one choose the bucket within its power of two.
#include "base/telemetry/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace agentos::telemetry {

std::size_t Histogram::bucket_of(std::uint64_t ns) {
  if (ns < kExact) return static_cast<std::size_t>(ns);
  const auto power = static_cast<std::size_t>(std::bit_width(ns)) - 1;
  if (power >= kPowerMax) return kBuckets - 1;
  const auto step = static_cast<std::size_t>(ns >> (power - 5)) - kPerPower;
  return kExact + (power - kExactPower) * kPerPower + step;
}

std::uint64_t Histogram::middle_of(std::size_t bucket) {
  if (bucket < kExact) return bucket;
  const std::size_t power = kExactPower + (bucket - kExact) / kPerPower;
  const std::size_t step = (bucket - kExact) % kPerPower;
  const std::uint64_t width = std::uint64_t{1} << (power - 5);
  return (kPerPower + step) * width + width / 2;
}

void Histogram::raise_max(std::uint64_t ns) {
  std::uint64_t seen = max_.load(std::memory_order_relaxed);
  while (ns > seen && !max_.compare_exchange_weak(seen, ns, std::memory_order_relaxed)) {
  }
}

void Histogram::record(std::uint64_t ns) {
  buckets_[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(ns, std::memory_order_relaxed);
  raise_max(ns);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (const std::uint64_t samples = other.buckets_[i].load(std::memory_order_relaxed)) {
      buckets_[i].fetch_add(samples, std::memory_order_relaxed);
    }
  }
  sum_.fetch_add(other.sum(), std::memory_order_relaxed);
  raise_max(other.max());
}

std::uint64_t Histogram::count() const {
  std::uint64_t samples = 0;
  for (const auto& bucket : buckets_) samples += bucket.load(std::memory_order_relaxed);
  return samples;
}

std::uint64_t Histogram::quantile(double q) const {
  const std::uint64_t samples = count();
  if (samples == 0) return 0;
  const double rank = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(samples));
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rank));
  std::uint64_t below = 0;
  for (std::size_t i = 0; i + 1 < kBuckets; ++i) {
    below += buckets_[i].load(std::memory_order_relaxed);
    if (below >= wanted) return std::min(middle_of(i), max());
  }
  return max();
}

}  // namespace agentos::telemetry
