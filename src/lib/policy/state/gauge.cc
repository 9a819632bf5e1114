// The arithmetic of the gauges. Amounts are below 2^53, instants and periods below 2^60, so products fit 128 bits.
#include "lib/policy/state/gauge.h"

#include <algorithm>

namespace agentos::policy {
namespace {

constexpr Wide kOwedMax = Wide{1} << 120;  // takes longer to drain than there are instants
constexpr std::int64_t kTotalMax = std::int64_t{1} << 61;

// What must be free for `units` to be admitted: an amount known only afterwards needs one.
std::int64_t needed(std::int64_t units) { return std::max<std::int64_t>(units, 1); }

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return a / b + (a % b > 0 ? 1 : 0); }
Wide divide_up(Wide a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t narrow(Wide value) { return value > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(value); }

}  // namespace

Law::Law(const LimitSpec& spec)
    : amount(spec.amount),
      per_us(std::max<std::int64_t>(spec.per_us, 1)),
      capacity(policy::capacity(spec)),
      part_us(divide_up(per_us, kSubBuckets)) {}

Gauge gauge_for(const LimitSpec& spec) {
  if (spec.measure == Measure::kConcurrency) return Held();
  if (spec.shape == Shape::kTokenBucket) return Bucket();
  return Rolling();
}

Wide Bucket::owed_at(const Law& law, std::int64_t now_us) const {
  const std::int64_t elapsed_us = std::max<std::int64_t>(clamp_instant(now_us) - at_us_, 0);
  return std::max<Wide>(owed_ - Wide{elapsed_us} * law.amount, 0);
}

bool Bucket::admits(const Law& law, std::int64_t units, std::int64_t now_us) const {
  return owed_at(law, now_us) + Wide{needed(units)} * law.per_us <= Wide{law.capacity} * law.per_us;
}

std::int64_t Bucket::retry_at(const Law& law, std::int64_t units, std::int64_t now_us) const {
  const std::int64_t from_us = std::max(clamp_instant(now_us), at_us_);
  if (needed(units) > law.capacity) return INT64_MAX;
  const Wide excess = owed_at(law, now_us) - Wide{law.capacity - needed(units)} * law.per_us;
  return excess <= 0 ? from_us : narrow(from_us + divide_up(excess, law.amount));
}

std::int64_t Bucket::used(const Law& law, std::int64_t now_us) const {
  return narrow(divide_up(owed_at(law, now_us), law.per_us));
}

std::int64_t Bucket::empties_at(const Law& law, std::int64_t now_us) const {
  return narrow(std::max(clamp_instant(now_us), at_us_) + divide_up(owed_at(law, now_us), law.amount));
}

std::int64_t Bucket::charge(const Law& law, std::int64_t units, std::int64_t now_us) {
  owed_ = std::min(owed_at(law, now_us) + Wide{units} * law.per_us, kOwedMax);
  at_us_ = std::max(at_us_, clamp_instant(now_us));
  return at_us_;
}

void Bucket::give_back(const Law& law, std::int64_t units, std::int64_t at_us, std::int64_t now_us) {
  owed_ = owed_at(law, now_us);
  at_us_ = std::max(at_us_, clamp_instant(now_us));
  const Wide left = Wide{units} * law.per_us - Wide{at_us_ - at_us} * law.amount;
  owed_ = std::max<Wide>(owed_ - std::max<Wide>(left, 0), 0);
}

// Parts before this one lie wholly before the window that ends at `now_us`.
std::int64_t Rolling::end_of_lapsed(const Law& law, std::int64_t now_us) const {
  const std::int64_t begins_us = std::max(clamp_instant(now_us), at_us_) - law.per_us;
  return begins_us < 0 ? 0 : begins_us / law.part_us;
}

std::int64_t Rolling::used(const Law& law, std::int64_t now_us) const {
  const std::int64_t end = std::min(end_of_lapsed(law, now_us), first_part_ + kParts);
  std::int64_t used = total_;
  for (std::int64_t number = first_part_; number < end; ++number) used -= part(number);
  return used;
}

bool Rolling::admits(const Law& law, std::int64_t units, std::int64_t now_us) const {
  return used(law, now_us) <= law.capacity - needed(units);
}

std::int64_t Rolling::retry_at(const Law& law, std::int64_t units, std::int64_t now_us) const {
  if (needed(units) > law.capacity) return INT64_MAX;
  const std::int64_t from_us = std::max(clamp_instant(now_us), at_us_);
  std::int64_t used_then = used(law, now_us);
  const std::int64_t first = std::max(first_part_, end_of_lapsed(law, now_us));
  for (std::int64_t number = first; number < first_part_ + kParts; ++number) {
    if (used_then <= law.capacity - needed(units)) return number == first ? from_us : number * law.part_us + law.per_us;
    used_then -= part(number);
  }
  return (first_part_ + kParts) * law.part_us + law.per_us;
}

std::int64_t Rolling::empties_at(const Law& law, std::int64_t now_us) const {
  const std::int64_t first = std::max(first_part_, end_of_lapsed(law, now_us));
  for (std::int64_t number = first_part_ + kParts - 1; number >= first; --number) {
    if (part(number) > 0) return (number + 1) * law.part_us + law.per_us;
  }
  return std::max(clamp_instant(now_us), at_us_);
}

std::int64_t Rolling::charge(const Law& law, std::int64_t units, std::int64_t now_us) {
  const std::int64_t lapsed = end_of_lapsed(law, now_us);
  for (std::int64_t number = first_part_; number < std::min(lapsed, first_part_ + kParts); ++number) {
    total_ -= part(number);
    part(number) = 0;
  }
  first_part_ = std::max(first_part_, lapsed);
  at_us_ = std::max(at_us_, clamp_instant(now_us));
  if (total_ == 0) saturated_ = false;
  if (units > kTotalMax - total_) {
    units = kTotalMax - total_;
    saturated_ = true;
  }
  part(at_us_ / law.part_us) += units;
  total_ += units;
  return at_us_;
}

void Rolling::give_back(const Law& law, std::int64_t units, std::int64_t at_us, std::int64_t /*now_us*/) {
  const std::int64_t number = at_us / law.part_us;
  if (number < first_part_ || saturated_) return;
  units = std::min(units, part(number));
  part(number) -= units;
  total_ -= units;
}

bool Held::admits(const Law& law, std::int64_t units, std::int64_t /*now_us*/) const {
  return held_ <= law.capacity - needed(units);
}

std::int64_t Held::charge(const Law& /*law*/, std::int64_t units, std::int64_t now_us) {
  held_ += units;  // admitted, so at most the capacity
  return now_us;
}

void Held::give_back(const Law& /*law*/, std::int64_t units, std::int64_t /*at_us*/, std::int64_t /*now_us*/) {
  held_ -= units;
}

}  // namespace agentos::policy
