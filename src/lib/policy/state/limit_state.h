// The gauges of one limit, by subject, in shards with a lock each; the number of subjects is bounded.
//
// A slot stays where it is while it is pinned by open reservations or not idle. Whoever takes the locks of several
// shards at once takes them in the order of their addresses.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "lib/policy/state/gauge.h"
#include "lib/policy/state/known_text.h"

namespace agentos::policy {

struct MeterSlot {
  Gauge gauge;
  std::uint32_t pins = 0;  // reservations that are open
};

class LimitState {
 public:
  static constexpr std::size_t kShards = 16;

  struct alignas(64) Shard {
    mutable std::mutex mutex;
    TextMap<MeterSlot> slots;  // under mutex
  };

  LimitState(LimitSpec limit, std::size_t subjects_max)
      : spec(std::move(limit)), law(spec), subjects_max_(subjects_max) {}

  const LimitSpec spec;
  const Law law;

  Shard& shard(std::size_t number) { return shards_[number]; }
  const Shard& shard(std::size_t number) const { return shards_[number]; }
  bool idle(const MeterSlot& slot, std::int64_t now_us) const;

  // Room for one subject more; false when there is none.
  bool take_room();
  void give_room(std::size_t subjects) { subjects_.fetch_sub(subjects, std::memory_order_relaxed); }
  bool full() const { return subjects_.load(std::memory_order_relaxed) >= subjects_max_; }

  // Neither may be called with a shard locked.
  void drop_idle(std::int64_t now_us);
  bool has_idle(std::int64_t now_us) const;

 private:
  const std::size_t subjects_max_;
  std::atomic<std::size_t> subjects_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace agentos::policy
