// What making a call and asking about it share.
#include "kernel/admission.h"

namespace agentos::kernel {

std::string told(const policy::Decision& decision) {
  if (!decision.message.empty()) return std::string(decision.message);
  return "policy denies this call (rule " + std::string(decision.rule) + ")";
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
      return false;
  }
  return false;
}

}  // namespace agentos::kernel
