// Makes room among the subjects of a limit: only those that are back to nothing go.
#include "lib/policy/state/limit_state.h"

namespace agentos::policy {

bool LimitState::idle(const MeterSlot& slot, std::int64_t now_us) const {
  return slot.pins == 0 && std::visit([&](const auto& gauge) { return gauge.used(law, now_us); }, slot.gauge) == 0;
}

bool LimitState::take_room() {
  std::size_t subjects = subjects_.load(std::memory_order_relaxed);
  while (subjects < subjects_max_) {
    if (subjects_.compare_exchange_weak(subjects, subjects + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

void LimitState::drop_idle(std::int64_t now_us) {
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    give_room(std::erase_if(shard.slots, [&](const auto& entry) { return idle(entry.second, now_us); }));
  }
}

bool LimitState::has_idle(std::int64_t now_us) const {
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [subject, slot] : shard.slots) {
      if (idle(slot, now_us)) return true;
    }
  }
  return false;
}

}  // namespace agentos::policy
