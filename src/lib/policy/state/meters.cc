// Makes the meters of a set of limits, carries state over, and asks and charges.
#include "lib/policy/state/meters.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "lib/policy/state/attempt.h"

namespace agentos::policy {

Meters::Meters() = default;
Meters::~Meters() = default;

Result<std::shared_ptr<Meters>> Meters::make(std::span<const LimitSpec> specs, const Meters* before,
                                             std::size_t subjects_max) {
  if (specs.size() > kLimitsMax)
    return fail(ErrorCode::kTooLarge, fmt::format("{} limits are more than {}", specs.size(), kLimitsMax),
                "share limits between rules");
  std::unordered_map<std::string_view, std::shared_ptr<LimitState>> held;
  if (before != nullptr) {
    for (const auto& limit : before->limits_) held.emplace(limit->spec.id, limit);
  }
  std::unordered_map<std::string_view, std::size_t> ids;
  std::shared_ptr<Meters> meters(new Meters());
  for (const LimitSpec& spec : specs) {
    TRY(check(spec));
    if (!ids.emplace(spec.id, ids.size()).second)
      return fail(ErrorCode::kInvalidArgument, fmt::format("there are two limits '{}'", spec.id), "rename one");
    const auto found = held.find(spec.id);
    const bool same = found != held.end() && found->second->spec == spec;
    meters->limits_.push_back(same ? found->second : std::make_shared<LimitState>(spec, subjects_max));
  }
  return meters;
}

const LimitSpec& Meters::spec(std::uint32_t limit) const { return limits_[limit]->spec; }

std::expected<void, Refusal> Meters::would_allow(const Charge& charge, std::int64_t now_us) const {
  if (!possible(charge, limits_.size())) return std::unexpected(Refusal{.limit = charge.limit});
  const LimitState& limit = *limits_[charge.limit];
  const KnownText subject(limit.spec.per == Per::kEveryone ? std::string_view() : charge.subject);
  const LimitState::Shard& shard = limit.shard(subject.shard(LimitState::kShards));
  std::optional<Refusal> refusal;
  bool known = false;
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.slots.find(subject);
    known = found != shard.slots.end();
    refusal = refusal_of(limit, known ? &found->second : nullptr, charge.units, now_us);
  }
  if (!refusal && !known && limit.full() && !limit.has_idle(now_us))
    refusal = Refusal{.cause = Refusal::Cause::kSubjectsFull};
  if (!refusal) return {};
  refusal->limit = charge.limit;
  return std::unexpected(*refusal);
}

std::expected<Reservation, Refusal> Meters::reserve(std::span<const Charge> charges, std::int64_t now_us) {
  if (charges.size() > kChargesMax)
    return std::unexpected(Refusal{.limit = charges[kChargesMax].limit, .charge = kChargesMax});
  for (std::uint32_t place = 0; place < charges.size(); ++place) {
    if (!possible(charges[place], limits_.size()))
      return std::unexpected(Refusal{.limit = charges[place].limit, .charge = place});
  }
  Attempt attempt(limits_, charges);
  Attempt::Outcome outcome = attempt.run(now_us);
  // Each further attempt is made after room was looked for in a limit that had none.
  for (std::size_t tries = 0; outcome == Attempt::Outcome::kFull && tries < charges.size(); ++tries) {
    limits_[attempt.refusal().limit]->drop_idle(now_us);
    outcome = attempt.run(now_us);
  }
  if (outcome != Attempt::Outcome::kCharged) return std::unexpected(attempt.refusal());

  Reservation reservation;
  if (!attempt.parts().empty()) reservation.owner_ = shared_from_this();
  for (const Attempt::Part& part : attempt.parts())
    reservation.taken_[reservation.count_++] = {part.limit, part.slot, part.units, part.at_us, part.shard_number};
  return reservation;
}

namespace {

Usage usage_row(const LimitState& limit, std::string_view subject, const MeterSlot* slot, std::int64_t now_us) {
  Usage row{.limit = limit.spec.id,
            .subject = std::string(subject),
            .measure = limit.spec.measure,
            .amount = limit.law.capacity,
            .resets_at_us = clamp_instant(now_us)};
  if (slot == nullptr) return row;
  std::visit(
      [&](const auto& gauge) {
        row.used = gauge.used(limit.law, now_us);
        row.resets_at_us = gauge.empties_at(limit.law, now_us);
      },
      slot->gauge);
  return row;
}

}  // namespace

std::vector<Usage> Meters::usage(std::int64_t now_us, std::size_t rows_max) const {
  std::vector<Usage> rows;
  for (const auto& limit : limits_) {
    const auto first = static_cast<std::ptrdiff_t>(rows.size());
    for (std::size_t number = 0; number < LimitState::kShards; ++number) {
      const LimitState::Shard& shard = limit->shard(number);
      const std::lock_guard lock(shard.mutex);
      for (const auto& [subject, slot] : shard.slots) {
        if (!limit->idle(slot, now_us)) rows.push_back(usage_row(*limit, subject, &slot, now_us));
      }
    }
    std::ranges::sort(rows.begin() + first, rows.end(), {}, &Usage::subject);
    if (rows.size() >= rows_max) break;
  }
  if (rows.size() > rows_max) rows.resize(rows_max);
  return rows;
}

std::optional<Usage> Meters::usage_of(std::uint32_t limit, std::string_view subject, std::int64_t now_us) const {
  if (limit >= limits_.size()) return std::nullopt;
  const LimitState& state = *limits_[limit];
  const KnownText known(state.spec.per == Per::kEveryone ? std::string_view() : subject);
  const LimitState::Shard& shard = state.shard(known.shard(LimitState::kShards));
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.slots.find(known);
  return usage_row(state, known.text, found == shard.slots.end() ? nullptr : &found->second, now_us);
}

}  // namespace agentos::policy
