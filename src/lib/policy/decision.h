// A decision: what policy says about one request. A value, never an error.
//
// Views point into the program that decided; hold its shared_ptr as long as the decision.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace agentos::policy {

enum class Verdict : std::uint8_t { kAllow, kDeny, kAsk };

// Things to do beside the verdict. A set of flags; unknown ones do not exist.
enum class Obligation : std::uint32_t {
  kNone = 0,
  kAudit = 1u << 0,   // record arguments in full, not only a preview
  kNotify = 1u << 1,  // tell the operator's channel
  kKill = 1u << 2,    // terminate the agent (the original's strict profile)
  kSignal = 1u << 3,  // send SIGPOLICY
};
constexpr Obligation operator|(Obligation a, Obligation b) {
  return static_cast<Obligation>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool has(Obligation set, Obligation one) {
  return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(one)) != 0;
}

struct Decision {
  Verdict verdict = Verdict::kDeny;
  Obligation obligations = Obligation::kNone;
  std::uint64_t epoch = 0;          // of the policy set that decided
  std::string_view policy;          // metadata.name of the document; empty: the built-in default deny
  std::string_view rule;            // "<policy>/<rule>", or "default-deny", "no-policy"
  std::string_view reason;          // one sentence for the operator
  std::string_view message;         // one sentence the model may see; never names hidden tools
  std::int64_t ask_timeout_ms = 0;  // for kAsk
};

}  // namespace agentos::policy
