// Asking meters and histories.
#include "kernel/policy_past.h"

namespace agentos::kernel {

std::int64_t units_before(policy::Measure measure, std::int64_t bytes) {
  switch (measure) {
    case policy::Measure::kCalls:
    case policy::Measure::kConcurrency:
      return 1;
    case policy::Measure::kBytes:
      return bytes;
    case policy::Measure::kTokens:
    case policy::Measure::kMoney:
    case policy::Measure::kTime:
      break;
  }
  return 0;
}

bool AgentPast::limit_allows(std::uint32_t limit, std::string_view subject) const {
  if (limits_ == Limits::kCounted) return true;
  if (in_force_.meters == nullptr || limit >= in_force_.meters->size()) return false;
  const std::int64_t units = units_before(in_force_.meters->spec(limit).measure, bytes_);
  return in_force_.meters->would_allow({limit, subject, units}, time_us_).has_value();
}

bool AgentPast::happened(std::uint32_t sequence) const {
  return in_force_.sequences != nullptr && store_.histories().happened(run_, *in_force_.sequences, sequence, time_us_);
}

bool AgentPast::attempted(std::uint32_t sequence) const {
  return in_force_.attempts != nullptr && store_.attempts().happened(run_, *in_force_.attempts, sequence, time_us_);
}

std::int64_t AgentPast::count(std::string_view key) const {
  const policy::Histories& histories = store_.histories();
  return histories.count(run_, policy::Counted::kCall, key) + histories.count(run_, policy::Counted::kTool, key);
}

}  // namespace agentos::kernel
