// The past of one agent's family as its policy asks for it, and what one call counts against.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/policy_store.h"
#include "lib/policy/policy.h"

namespace agentos::kernel {

// Views; lives as long as one decision. `bytes` are the octets the call would move.
class AgentPast final : public policy::Past {
 public:
  // kCounted: of a call that goes on, which took from the limits when it began.
  enum class Limits : std::uint8_t { kAsked, kCounted };
  AgentPast(const PolicyInForce& in_force, PolicyStore& store, std::string_view run, std::int64_t time_us,
            std::int64_t bytes, Limits limits)
      : in_force_(in_force), store_(store), run_(run), time_us_(time_us), bytes_(bytes), limits_(limits) {}

  bool limit_allows(std::uint32_t limit, std::string_view subject) const override;
  bool happened(std::uint32_t sequence) const override;
  bool attempted(std::uint32_t sequence) const override;
  std::int64_t count(std::string_view key) const override;

 private:
  const PolicyInForce& in_force_;
  PolicyStore& store_;
  std::string_view run_;
  std::int64_t time_us_;
  std::int64_t bytes_;
  Limits limits_;
};

// Units a call takes from a limit before it acts: what is not known yet is settled afterwards.
std::int64_t units_before(policy::Measure measure, std::int64_t bytes);

}  // namespace agentos::kernel
