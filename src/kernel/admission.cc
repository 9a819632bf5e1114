// What making a call and asking about it share.
#include "kernel/admission.h"

namespace agentos::kernel {

std::string told(const policy::Decision& decision) {
  if (!decision.message.empty()) return std::string(decision.message);
  static constexpr std::string_view kSays[] = {"policy allows", "policy denies", "an operator is asked about"};
  return std::string(kSays[static_cast<std::size_t>(decision.verdict)]) + " this call (rule " +
         std::string(decision.rule) + ")";
}

void add_labels(Agent& agent, const policy::Decision& decision) {
  if (!has(decision.obligations, policy::Obligation::kLabel)) return;
  for (std::uint8_t i = 0; i < decision.details_count; ++i) agent.family->add_labels(decision.details[i]->labels);
}

bool subject_may(const abi::Row& row, const Caller& caller) {
  switch (row.subject) {
    case abi::Subject::any:
      return true;
    case abi::Subject::agent:
      return caller.agent != nullptr;
    case abi::Subject::operator_:
      return caller.agent == nullptr;
    case abi::Subject::kernel:
      return caller.agent != nullptr && caller.maker == Maker::kEgress && row.support == abi::Support::full;
  }
  return false;
}

}  // namespace agentos::kernel
