// The named bounds of the state policies are decided with. Beyond one of them a limit is refused, never loosened.
#pragma once

#include <cstddef>
#include <cstdint>

namespace agentos::policy {

inline constexpr std::size_t kLimitsMax = 256;                          // a set of limits
inline constexpr std::size_t kLimitIdBytesMax = 256;                    // identity of a limit or sequence
inline constexpr std::size_t kChargesMax = 16;                          // one reservation
inline constexpr std::size_t kSubjectsMax = 4096;                       // a limit counts for at once
inline constexpr std::size_t kSubjectBytesMax = 256;                    // text of a subject, a run or a counted name
inline constexpr std::int64_t kUnitsMax = (std::int64_t{1} << 53) - 1;  // amounts, bursts, one charge
inline constexpr std::int64_t kPerMaxUs = 366LL * 24 * 3600 * 1'000'000;
inline constexpr std::int64_t kInstantMaxUs = std::int64_t{1} << 60;  // instants are clamped to 0 .. this
inline constexpr int kSubBuckets = 63;  // a sliding window is counted in; a unit is freed at most 1/63 of it late

inline constexpr std::size_t kSequencesMax = 128;     // a set of sequences
inline constexpr int kSequenceStepsMax = 8;           // one sequence
inline constexpr std::size_t kRunsMax = 16'384;       // histories held at once
inline constexpr std::size_t kCountedNamesMax = 512;  // names of calls and tools counted for one run

constexpr std::int64_t clamp_instant(std::int64_t now_us) {
  return now_us < 0 ? 0 : (now_us > kInstantMaxUs ? kInstantMaxUs : now_us);
}

}  // namespace agentos::policy
