// Asks first and charges after, under the locks of all shards concerned, taken in the order of their addresses.
#include "lib/policy/state/attempt.h"

#include <algorithm>

namespace agentos::policy {
namespace {

// Orders refusals by how long they last.
std::int64_t lasts_until(const Refusal& refusal) {
  switch (refusal.cause) {
    case Refusal::Cause::kExhausted:
      return refusal.retry_at_us.value_or(0);
    case Refusal::Cause::kHeld:
      return INT64_MAX - 3;
    case Refusal::Cause::kSubjectsFull:
      return INT64_MAX - 2;
    case Refusal::Cause::kTooMuch:
      return INT64_MAX - 1;
    case Refusal::Cause::kImpossible:
      break;
  }
  return INT64_MAX;
}

template <class AnyGauge>
std::optional<Refusal> ask_gauge(const AnyGauge& gauge, const LimitState& limit, std::int64_t units,
                                 std::int64_t now_us) {
  if (units > limit.law.capacity) return Refusal{.cause = Refusal::Cause::kTooMuch};
  if (gauge.admits(limit.law, units, now_us)) return std::nullopt;
  if (limit.spec.measure == Measure::kConcurrency) return Refusal{.cause = Refusal::Cause::kHeld};
  return Refusal{.cause = Refusal::Cause::kExhausted, .retry_at_us = gauge.retry_at(limit.law, units, now_us)};
}

}  // namespace

std::optional<Refusal> refusal_of(const LimitState& limit, const MeterSlot* slot, std::int64_t units,
                                  std::int64_t now_us) {
  // One not seen before has everything free.
  if (slot == nullptr) return ask_gauge(Held(), limit, units, now_us);
  return std::visit([&](const auto& gauge) { return ask_gauge(gauge, limit, units, now_us); }, slot->gauge);
}

bool possible(const Charge& charge, std::size_t limits) {
  return charge.limit < limits && charge.subject.size() <= kSubjectBytesMax && charge.units >= 0 &&
         charge.units <= kUnitsMax;
}

// Holds the mutex of each shard named by the parts.
class Attempt::Locks {
 public:
  explicit Locks(std::span<const Part> parts) {
    for (const Part& part : parts) held_[count_++] = part.shard;
    const auto end = held_.begin() + static_cast<std::ptrdiff_t>(count_);
    std::ranges::sort(held_.begin(), end, std::less<>());
    count_ = static_cast<std::size_t>(std::unique(held_.begin(), end) - held_.begin());
    for (std::size_t i = 0; i < count_; ++i) held_[i]->mutex.lock();
  }
  ~Locks() {
    for (std::size_t i = count_; i-- > 0;) held_[i]->mutex.unlock();
  }
  Locks(const Locks&) = delete;
  Locks& operator=(const Locks&) = delete;

 private:
  std::array<LimitState::Shard*, kChargesMax> held_{};
  std::size_t count_ = 0;
};

Attempt::Attempt(std::span<const std::shared_ptr<LimitState>> limits, std::span<const Charge> charges) {
  for (std::uint32_t place = 0; place < charges.size(); ++place)
    add(*limits[charges[place].limit], charges[place], place);
}

void Attempt::add(LimitState& limit, const Charge& charge, std::uint32_t place) {
  const KnownText subject(limit.spec.per == Per::kEveryone ? std::string_view() : charge.subject);
  for (std::size_t i = 0; i < count_; ++i) {
    Part& part = parts_[i];
    if (part.limit != &limit || part.subject.text != subject.text) continue;
    part.units = std::max(part.units, charge.units);
    return;
  }
  const auto number = static_cast<std::uint32_t>(subject.shard(LimitState::kShards));
  parts_[count_++] = {.limit = &limit,
                      .shard = &limit.shard(number),
                      .subject = subject,
                      .units = charge.units,
                      .charge = place,
                      .index = charge.limit,
                      .shard_number = number};
}

Attempt::Outcome Attempt::run(std::int64_t now_us) {
  const Locks locks(parts());
  if (!ask(now_us)) return Outcome::kRefused;
  if (!make_slots()) return Outcome::kFull;
  charge(now_us);
  return Outcome::kCharged;
}

bool Attempt::ask(std::int64_t now_us) {
  bool refused = false;
  for (std::size_t i = 0; i < count_; ++i) {
    Part& part = parts_[i];
    const auto found = part.shard->slots.find(part.subject);
    part.slot = found == part.shard->slots.end() ? nullptr : &found->second;
    std::optional<Refusal> refusal = refusal_of(*part.limit, part.slot, part.units, now_us);
    if (!refusal) continue;
    refusal->limit = part.index;
    refusal->charge = part.charge;
    if (!refused || lasts_until(*refusal) > lasts_until(refusal_)) refusal_ = *refusal;
    refused = true;
  }
  return !refused;
}

// Slots for subjects not seen before, or none when one of the limits has no room.
bool Attempt::make_slots() {
  for (std::size_t i = 0; i < count_; ++i) {
    if (parts_[i].slot != nullptr || parts_[i].limit->take_room()) continue;
    refusal_ = {.cause = Refusal::Cause::kSubjectsFull, .limit = parts_[i].index, .charge = parts_[i].charge};
    while (i-- > 0) {
      if (parts_[i].slot == nullptr) parts_[i].limit->give_room(1);
    }
    return false;
  }
  for (std::size_t i = 0; i < count_; ++i) {
    Part& part = parts_[i];
    if (part.slot != nullptr) continue;
    part.slot =
        &part.shard->slots.try_emplace(std::string(part.subject.text), gauge_for(part.limit->spec)).first->second;
  }
  return true;
}

void Attempt::charge(std::int64_t now_us) {
  for (std::size_t i = 0; i < count_; ++i) {
    Part& part = parts_[i];
    ++part.slot->pins;
    part.at_us =
        std::visit([&](auto& gauge) { return gauge.charge(part.limit->law, part.units, now_us); }, part.slot->gauge);
  }
}

}  // namespace agentos::policy
