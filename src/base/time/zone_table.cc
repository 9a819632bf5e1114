// Builds the table from a file's changes and its rule, and searches it.
#include "base/time/zone_table.h"

#include <algorithm>
#include <tuple>

namespace agentos {
namespace {

constexpr std::int64_t kPeriodYears = 400;  // the Gregorian calendar repeats, weekdays included
constexpr std::int64_t kPeriodSeconds = 146'097LL * 86'400;
constexpr std::int64_t kRuleYearMin = 1;         // no clocks were set before
constexpr std::int64_t kRepeatedYearMin = 1970;  // the first that may repeat; so a whole period lies after 1970

}  // namespace

ZoneTable::ZoneTable(std::string name, std::int32_t offset_s)
    : name_(std::move(name)), from_s_{INT64_MIN}, offset_s_{offset_s} {}

ZoneTable::ZoneTable(std::string name, const TzifContents& contents)
    : name_(std::move(name)), from_s_{INT64_MIN}, offset_s_{contents.first_offset_s} {
  for (const PosixRule::Change& change : contents.changes) {
    if (change.at_s == INT64_MIN) {
      offset_s_.front() = change.offset_s;
      continue;
    }
    from_s_.push_back(change.at_s);
    offset_s_.push_back(change.offset_s);
  }
  if (contents.rule && contents.rule->has_daylight) {
    extend(*contents.rule, std::max(kRuleYearMin, civil_of_seconds(from_s_.back()).year));
  } else if (contents.rule && contents.changes.empty()) {
    offset_s_.front() = contents.rule->standard_s;
  }
}

void ZoneTable::extend(const PosixRule& rule, std::int64_t first_year) {
  std::vector<std::tuple<std::int64_t, std::size_t, std::int32_t>> changes;  // instant, order, offset
  // One year more at either end, since a change can lie days outside its year.
  const std::int64_t end_year = std::max(first_year, kRepeatedYearMin) + 1 + kPeriodYears;
  for (std::int64_t year = first_year - 1; year <= end_year + 2; ++year) {
    for (const PosixRule::Change& change : rule.changes_of(year))
      changes.emplace_back(change.at_s, changes.size(), change.offset_s);
  }
  // At the same instant the one of the later year wins: daylight saving that ends when the next begins never ends.
  std::ranges::sort(changes);
  for (const auto& [at_s, order, offset_s] : changes) {
    if (at_s < from_s_.back()) continue;
    if (at_s == from_s_.back()) {
      offset_s_.back() = offset_s;
    } else if (offset_s != offset_s_.back()) {
      from_s_.push_back(at_s);
      offset_s_.push_back(offset_s);
    }
  }
  repeats_from_s_ = days_of_date(end_year, 1, 1) * 86'400;
}

ZoneSpan ZoneTable::span_at(std::int64_t utc_s) const {
  std::int64_t shift_s = 0;
  if (utc_s >= repeats_from_s_) [[unlikely]] {
    shift_s = ((utc_s - repeats_from_s_) / kPeriodSeconds + 1) * kPeriodSeconds;
    utc_s -= shift_s;
  }
  std::size_t at = hint_.load(std::memory_order_relaxed);
  const auto until = [this](std::size_t k) { return k + 1 < from_s_.size() ? from_s_[k + 1] : INT64_MAX; };
  if (utc_s < from_s_[at] || utc_s >= until(at)) {
    at = static_cast<std::size_t>(std::ranges::upper_bound(from_s_, utc_s) - from_s_.begin()) - 1;
    hint_.store(static_cast<std::uint32_t>(at), std::memory_order_relaxed);
  }
  ZoneSpan span{from_s_[at], until(at), offset_s_[at]};
  if (shift_s != 0) {
    span.from_s += shift_s;
    if (__builtin_add_overflow(span.until_s, shift_s, &span.until_s)) span.until_s = INT64_MAX;
  }
  return span;
}

}  // namespace agentos
