// Checks limits, and names their parts.
#include "lib/policy/state/limit.h"

#include <fmt/format.h>

namespace agentos::policy {
namespace {

std::unexpected<Error> out_of_range(const LimitSpec& spec, std::string_view field, std::int64_t value,
                                    std::int64_t least, std::int64_t most) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("limit '{}': {} is {}, outside {} to {}", spec.id, field, value, least, most),
              least == 1 && value == 0 ? "a limit of nothing is a rule that denies" : "");
}

}  // namespace

Status check(const LimitSpec& spec) {
  if (spec.id.empty() || spec.id.size() > kLimitIdBytesMax)
    return fail(ErrorCode::kInvalidArgument, fmt::format("a limit's id has 1 to {} octets", kLimitIdBytesMax));
  if (spec.measure > Measure::kConcurrency || spec.per > Per::kEveryone || spec.shape > Shape::kSlidingWindow)
    return fail(ErrorCode::kInvalidArgument, fmt::format("limit '{}' is of an unknown kind", spec.id));
  if (spec.amount < 1 || spec.amount > kUnitsMax) return out_of_range(spec, "amount", spec.amount, 1, kUnitsMax);
  const bool timeless = spec.measure == Measure::kConcurrency;
  if (timeless && spec.per_us != 0) return out_of_range(spec, "the time of a concurrency limit", spec.per_us, 0, 0);
  if (!timeless && (spec.per_us < 1 || spec.per_us > kPerMaxUs))
    return out_of_range(spec, "its time in microseconds", spec.per_us, 1, kPerMaxUs);
  const bool bursts = !timeless && spec.shape == Shape::kTokenBucket;
  if (spec.burst < 0 || spec.burst > (bursts ? kUnitsMax : 0))
    return out_of_range(spec, "burst", spec.burst, 0, bursts ? kUnitsMax : 0);
  return {};
}

std::int64_t capacity(const LimitSpec& spec) { return spec.burst > 0 ? spec.burst : spec.amount; }

std::string_view name_of(Measure measure) {
  constexpr std::string_view kNames[kMeasures] = {"calls", "bytes", "tokens", "money", "time", "concurrency"};
  return kNames[static_cast<std::size_t>(measure)];
}

std::string_view name_of(Per per) {
  constexpr std::string_view kNames[] = {"agent", "tool", "group", "everyone"};
  return kNames[static_cast<std::size_t>(per)];
}

}  // namespace agentos::policy
