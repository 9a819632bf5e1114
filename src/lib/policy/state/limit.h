// Limits: how much of something a subject may use in a stretch of time, and the meters that hold what was used.
//
// A limit never admits more than it promises: a token bucket at most `burst` + `amount` per `per_us` in any stretch, a
// sliding window at most `amount` in any stretch of `per_us`, concurrency at most `amount` at once. Whatever cannot be
// decided exactly is decided to the stricter side; what cannot be held (too many subjects, impossible amounts) is
// refused. Integer arithmetic only. meters.h keeps the state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "lib/policy/state/bounds.h"

namespace agentos::policy {

// What is counted, and in which unit: calls, octets, tokens, millionths of the currency, microseconds, calls at once.
enum class Measure : std::uint8_t { kCalls, kBytes, kTokens, kMoney, kTime, kConcurrency };
inline constexpr int kMeasures = 6;

// Whose use is counted together. The meters are told a subject's text by their caller; kEveryone ignores it.
enum class Per : std::uint8_t { kAgent, kTool, kGroup, kEveryone };

enum class Shape : std::uint8_t {
  kTokenBucket,    // refills steadily, `amount` per `per_us`, and holds `burst`
  kSlidingWindow,  // counts what lies within the last `per_us`, in kSubBuckets parts: a unit counts for at least per_us
                   // and at most one part longer (per_us / kSubBuckets, rounded up to a microsecond)
};

// Two specs that are equal in every field are the same limit: its state is carried over when policies are reloaded.
struct LimitSpec {
  std::string id{};  // unique in a set, 1..kLimitIdBytesMax octets
  Measure measure = Measure::kCalls;
  Per per = Per::kAgent;
  Shape shape = Shape::kTokenBucket;  // ignored by concurrency
  std::int64_t amount = 0;            // 1..kUnitsMax, in units of the measure
  std::int64_t per_us = 0;            // 1..kPerMaxUs; 0 for concurrency
  std::int64_t burst = 0;             // token bucket: 1..kUnitsMax, 0: as much as amount; else 0
  bool operator==(const LimitSpec&) const = default;
};

// invalid_argument names the limit and the field that is out of range.
Status check(const LimitSpec& spec);

// The most a subject can use at one instant: burst of a bucket, else amount.
std::int64_t capacity(const LimitSpec& spec);

std::string_view name_of(Measure measure);  // "calls", "bytes", "tokens", "money", "time", "concurrency"
std::string_view name_of(Per per);          // "agent", "tool", "group", "everyone"

}  // namespace agentos::policy
