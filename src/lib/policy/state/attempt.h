// One attempt to charge several limits: every shard locked, every gauge asked, and then all are charged or none.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lib/policy/state/limit_state.h"
#include "lib/policy/state/meters.h"

namespace agentos::policy {

// Whether a gauge has room for `units`, and else why not and until when. `slot` is null for a subject not seen before.
std::optional<Refusal> refusal_of(const LimitState& limit, const MeterSlot* slot, std::int64_t units,
                                  std::int64_t now_us);

// Whether the charge is one that can be asked at all.
bool possible(const Charge& charge, std::size_t limits);

class Attempt {
 public:
  struct Part {
    LimitState* limit = nullptr;
    LimitState::Shard* shard = nullptr;
    KnownText subject{std::string_view()};
    std::int64_t units = 0;
    std::uint32_t charge = 0;  // place and index, for refusals
    std::uint32_t index = 0;
    std::uint32_t shard_number = 0;
    MeterSlot* slot = nullptr;
    std::int64_t at_us = 0;  // from when it counts, once charged
  };
  enum class Outcome : std::uint8_t { kCharged, kRefused, kFull };

  // The charges are possible() and at most kChargesMax.
  Attempt(std::span<const std::shared_ptr<LimitState>> limits, std::span<const Charge> charges);

  // kFull: refusal() says which limit has no room for another subject. Nothing was charged unless kCharged.
  Outcome run(std::int64_t now_us);
  const Refusal& refusal() const { return refusal_; }
  std::span<const Part> parts() const { return {parts_.data(), count_}; }

 private:
  class Locks;
  void add(LimitState& limit, const Charge& charge, std::uint32_t place);
  bool ask(std::int64_t now_us);
  bool make_slots();
  void charge(std::int64_t now_us);

  std::array<Part, kChargesMax> parts_;
  std::size_t count_ = 0;
  Refusal refusal_;
};

}  // namespace agentos::policy
