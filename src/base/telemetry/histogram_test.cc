// Quantiles within the promised error over the whole range, and nothing lost between threads.
#include "base/telemetry/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

namespace agentos::telemetry {
namespace {

TEST(Histogram, is_empty_at_first) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.sum(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.quantile(0.5), 0u);
}

TEST(Histogram, one_sample_is_every_quantile_within_three_percent) {
  for (int power = 0; power < 40; ++power) {
    for (std::uint64_t part = 0; part < 7; ++part) {
      const std::uint64_t ns = (std::uint64_t{1} << power) + part * (std::uint64_t{1} << power) / 7;
      Histogram histogram;
      histogram.record(ns);
      histogram.record(ns * 4);  // so that the maximum does not cap the answer
      const auto found = static_cast<double>(histogram.quantile(0.5));
      EXPECT_NEAR(found, static_cast<double>(ns), 0.016 * static_cast<double>(ns)) << ns;
      if (ns < 64) EXPECT_EQ(histogram.quantile(0.5), ns);
    }
  }
}

TEST(Histogram, quantiles_of_a_uniform_spread) {
  Histogram histogram;
  for (std::uint64_t ns = 1; ns <= 100'000; ++ns) histogram.record(ns);
  EXPECT_EQ(histogram.count(), 100'000u);
  EXPECT_EQ(histogram.sum(), 5'000'050'000u);
  EXPECT_EQ(histogram.max(), 100'000u);
  for (double q : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999}) {
    EXPECT_NEAR(static_cast<double>(histogram.quantile(q)), q * 100'000, q * 3000) << q;
  }
  EXPECT_EQ(histogram.quantile(0), 1u);
  EXPECT_LE(histogram.quantile(1), 100'000u);
  EXPECT_GE(histogram.quantile(1), 98'000u);
  EXPECT_EQ(histogram.quantile(7), histogram.quantile(1));
}

TEST(Histogram, takes_the_smallest_and_the_largest_values) {
  Histogram histogram;
  histogram.record(0);
  histogram.record(std::uint64_t{1} << 40);
  histogram.record(std::uint64_t{1} << 62);
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.quantile(0), 0u);
  EXPECT_EQ(histogram.quantile(0.6), std::uint64_t{1} << 62);
}

TEST(Histogram, merge_adds_every_sample) {
  Histogram one;
  Histogram two;
  for (int i = 0; i < 100; ++i) one.record(10);
  for (int i = 0; i < 300; ++i) two.record(50);
  one.merge(two);
  EXPECT_EQ(one.count(), 400u);
  EXPECT_EQ(one.sum(), 16'000u);
  EXPECT_EQ(one.max(), 50u);
  EXPECT_EQ(one.quantile(0.25), 10u);
  EXPECT_EQ(one.quantile(0.26), 50u);
  EXPECT_EQ(two.count(), 300u);
}

TEST(Histogram, loses_nothing_between_threads) {
  Histogram histogram;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&histogram, t] {
      for (std::uint64_t i = 0; i < 5000; ++i) histogram.record(i * 4 + t);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(histogram.count(), 20'000u);
  EXPECT_EQ(histogram.max(), 19'999u);
  EXPECT_EQ(histogram.sum(), 199'990'000u);
}

}  // namespace
}  // namespace agentos::telemetry
