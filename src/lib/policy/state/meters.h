// Meters: the state of a set of limits. Charges are reserved before a call acts and settled after.
//
// reserve() takes from every limit or from none; settle() corrects to what was used; refund() gives back what a call
// that never acted had taken, and leaves at most the room there would be had it never asked. Thread-safe, sharded by
// limit and subject, no global lock; for a subject seen before nothing allocates. Instants are microseconds of one
// clock, the same for every call; one that goes back refunds nothing (the latest seen for the subject is used). A
// monotonic clock is best: one set forward frees what would be freed by then.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/policy/state/limit.h"

namespace agentos::policy {

class LimitState;
struct MeterSlot;

struct Charge {
  std::uint32_t limit = 0;     // index in the set
  std::string_view subject{};  // at most kSubjectBytesMax octets
  std::int64_t units = 1;      // 0..kUnitsMax. 0 (known only when settled) is admitted while a unit is free
};

struct Refusal {
  enum class Cause : std::uint8_t {
    kExhausted,     // admitted at retry_at_us, if nothing else is charged until then
    kHeld,          // concurrency: admitted when another call settles
    kTooMuch,       // never: more than the limit's capacity
    kSubjectsFull,  // the limit counts for kSubjectsMax subjects, none of which is idle
    kImpossible,    // never: no such limit, too long a subject, units out of range, too many charges
  };
  Cause cause = Cause::kImpossible;
  std::uint32_t limit = 0;                    // of the charge that refuses; of several, one that refuses longest
  std::uint32_t charge = 0;                   // its place among the charges
  std::optional<std::int64_t> retry_at_us{};  // with kExhausted
};

// What a call used, by measure. kAsReserved (and any negative amount): what was reserved. More than kUnitsMax:
// kUnitsMax.
struct Actual {
  static constexpr std::int64_t kAsReserved = -1;
  std::array<std::int64_t, kMeasures> units{kAsReserved, kAsReserved, kAsReserved,
                                            kAsReserved, kAsReserved, kAsReserved};
  std::int64_t& operator[](Measure measure) { return units[static_cast<std::size_t>(measure)]; }
  std::int64_t operator[](Measure measure) const { return units[static_cast<std::size_t>(measure)]; }
};

// What reserve() took. Moves; holds its meters. One that is neither settled nor refunded settles as reserved when it is
// destroyed. Not thread-safe itself.
class Reservation {
 public:
  Reservation() = default;  // holds nothing
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation();

  // The call is over. Concurrency is released; of other measures, more than was reserved is charged even beyond the
  // limit (and refuses others until it has drained), less is given back as refund() does.
  void settle(const Actual& actual, std::int64_t now_us);
  void settle();                     // as reserved
  void refund(std::int64_t now_us);  // the call never acted
  bool open() const { return count_ != 0; }

 private:
  friend class Meters;
  struct Taken {
    LimitState* limit = nullptr;
    MeterSlot* slot = nullptr;
    std::int64_t units = 0;
    std::int64_t at_us = 0;
    std::uint32_t shard = 0;
  };
  void finish(const Actual& actual, std::int64_t now_us);
  std::shared_ptr<const void> owner_;
  std::size_t count_ = 0;
  std::array<Taken, kChargesMax> taken_;
};

// One row for display.
struct Usage {
  std::string limit{};    // its id
  std::string subject{};  // "" for everyone
  Measure measure = Measure::kCalls;
  std::int64_t used = 0;          // can exceed amount after an overrun; rounded up
  std::int64_t amount = 0;        // capacity
  std::int64_t resets_at_us = 0;  // when nothing will count any more, if nothing else is charged; concurrency: now
};

class Meters : public std::enable_shared_from_this<Meters> {
 public:
  // The limits of a policy set; indices are those of `specs`. Limits equal in every field to one of `before` share its
  // state (also with reservations open there); all others begin empty. invalid_argument: a spec, or an id twice;
  // too_large: more than kLimitsMax. `subjects_max` is of each limit that begins empty.
  static Result<std::shared_ptr<Meters>> make(std::span<const LimitSpec> specs, const Meters* before = nullptr,
                                              std::size_t subjects_max = kSubjectsMax);

  std::size_t size() const { return limits_.size(); }
  const LimitSpec& spec(std::uint32_t limit) const;

  // Whether reserve() of this one charge would succeed at `now_us`; nothing changes.
  std::expected<void, Refusal> would_allow(const Charge& charge, std::int64_t now_us) const;

  // All charges or none. A limit and subject named twice is charged once, with the larger amount.
  std::expected<Reservation, Refusal> reserve(std::span<const Charge> charges, std::int64_t now_us);

  // What every subject of every limit has used, idle subjects left out, in the order of the limits, then of subjects;
  // at most `rows_max`. Each row is exact; rows are read one after another while calls go on.
  std::vector<Usage> usage(std::int64_t now_us, std::size_t rows_max = 1000) const;
  std::optional<Usage> usage_of(std::uint32_t limit, std::string_view subject, std::int64_t now_us) const;

  Meters(const Meters&) = delete;
  Meters& operator=(const Meters&) = delete;
  ~Meters();

 private:
  Meters();
  std::vector<std::shared_ptr<LimitState>> limits_;
};

}  // namespace agentos::policy
