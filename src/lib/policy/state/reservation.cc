// Settles and refunds: each gauge is corrected under its own shard's lock, and its slot is let go.
#include <algorithm>
#include <utility>

#include "lib/policy/state/limit_state.h"
#include "lib/policy/state/meters.h"

namespace agentos::policy {
namespace {

// What of `reserved` units of a limit was used.
std::int64_t used_of(const LimitSpec& spec, std::int64_t reserved, const Actual& actual) {
  if (spec.measure == Measure::kConcurrency) return 0;  // nothing is held any more
  const std::int64_t units = actual[spec.measure];
  return units < 0 ? reserved : std::min(units, kUnitsMax);
}

}  // namespace

Reservation::Reservation(Reservation&& other) noexcept
    : owner_(std::move(other.owner_)), count_(std::exchange(other.count_, 0)), taken_(other.taken_) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  settle();
  owner_ = std::move(other.owner_);
  count_ = std::exchange(other.count_, 0);
  taken_ = other.taken_;
  return *this;
}

Reservation::~Reservation() { settle(); }

void Reservation::settle(const Actual& actual, std::int64_t now_us) { finish(actual, now_us); }

void Reservation::settle() { finish(Actual(), 0); }

void Reservation::refund(std::int64_t now_us) {
  Actual nothing;
  nothing.units.fill(0);
  finish(nothing, now_us);
}

void Reservation::finish(const Actual& actual, std::int64_t now_us) {
  const std::size_t count = std::exchange(count_, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const Taken& taken = taken_[i];
    const std::int64_t used = used_of(taken.limit->spec, taken.units, actual);
    const std::lock_guard lock(taken.limit->shard(taken.shard).mutex);
    std::visit(
        [&](auto& gauge) {
          if (used > taken.units) gauge.charge(taken.limit->law, used - taken.units, now_us);
          if (used < taken.units) gauge.give_back(taken.limit->law, taken.units - used, taken.at_us, now_us);
        },
        taken.slot->gauge);
    --taken.slot->pins;
  }
  owner_.reset();
}

}  // namespace agentos::policy
