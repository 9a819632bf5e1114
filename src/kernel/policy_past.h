// The past of one agent's family as its policy asks for it, and what one call counts against.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/policy_store.h"
#include "lib/policy/policy.h"

namespace agentos::kernel {

// What a call would use up, as far as it is known before it acts.
struct CallUnits {
  std::int64_t bytes = 0;  // octets it would move
  std::int64_t tokens = 0, money_micros = 0;
};

// Views; lives as long as one decision.
class AgentPast final : public policy::Past {
 public:
  enum class Tool : std::uint8_t { kKnown, kUnknown };
  // kCounted: of a call that goes on, which took from the limits when it began.
  enum class Limits : std::uint8_t { kAsked, kCounted };
  AgentPast(const PolicyInForce& in_force, PolicyStore& store, std::string_view run, std::int64_t time_us,
            CallUnits units, Tool tool, Limits limits)
      : in_force_(in_force), store_(store), run_(run), time_us_(time_us), units_(units), tool_(tool), limits_(limits) {}

  bool limit_allows(std::uint32_t limit, std::string_view subject) const override;
  bool happened(std::uint32_t sequence) const override;
  bool attempted(std::uint32_t sequence) const override;
  std::int64_t count(std::string_view key) const override;

 private:
  const PolicyInForce& in_force_;
  PolicyStore& store_;
  std::string_view run_;
  std::int64_t time_us_;
  CallUnits units_;
  Tool tool_;
  Limits limits_;
};

// Whom a limit counts for: names that are no tools are counted as one, an agent can think of any number of them.
std::string_view counted_subject(const policy::LimitSpec& spec, std::string_view subject, AgentPast::Tool tool);

// Units a call takes from a limit before it acts: what is not known yet is settled afterwards.
std::int64_t units_before(policy::Measure measure, const CallUnits& units);

}  // namespace agentos::kernel
