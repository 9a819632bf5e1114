// A decision: what policy says about one request. A value, never an error.
//
// Views point into the program that decided; hold its shared_ptr as long as the decision.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/policy/limits.h"

namespace agentos::policy {

enum class Verdict : std::uint8_t { kAllow, kDeny, kAsk };

// Things to do beside the verdict. A set of flags; unknown ones do not exist.
enum class Obligation : std::uint32_t {
  kNone = 0,
  kAudit = 1u << 0,      // record arguments in full, not only a preview
  kNotify = 1u << 1,     // tell the operator's channel
  kKill = 1u << 2,       // terminate the agent (the original's strict profile)
  kSignal = 1u << 3,     // send SIGPOLICY
  kRedact = 1u << 4,     // Details::redactions
  kTransform = 1u << 5,  // Details::transforms
  kLabel = 1u << 6,      // Details::labels
};
constexpr Obligation operator|(Obligation a, Obligation b) {
  return static_cast<Obligation>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr bool has(Obligation set, Obligation one) {
  return (static_cast<std::uint32_t>(set) & static_cast<std::uint32_t>(one)) != 0;
}

class Expression;  // expression.h
class Redaction;   // redaction.h

// A member of the arguments to be set before the call is carried out.
struct Assignment {
  std::string member;
  std::shared_ptr<const Expression> value;
};

// What the obligations of one rule need to be carried out.
struct Details {
  std::vector<std::string> labels;                           // added to the run, never taken away
  std::vector<std::shared_ptr<const Redaction>> redactions;  // of the result, or of the arguments as recorded
  std::vector<Assignment> transforms;                        // of the arguments
  std::vector<std::string> approvers;                        // for ask: who may answer; empty: any operator
  bool empty() const { return labels.empty() && redactions.empty() && transforms.empty() && approvers.empty(); }
};

struct Decision {
  Verdict verdict = Verdict::kDeny;
  Obligation obligations = Obligation::kNone;
  std::uint64_t epoch = 0;          // of the policy set that decided
  std::string_view policy = {};     // metadata.name of the document; empty: the built-in default deny
  std::string_view rule = {};       // "<policy>/<rule>", or "default-deny", "no-policy"
  std::string_view reason = {};     // one sentence for the operator
  std::string_view message = {};    // one sentence the model may see; never names hidden tools
  std::int64_t ask_timeout_ms = 0;  // for kAsk
  // Of every rule that applied, unless the verdict is deny; the first details_count are set.
  std::array<const Details*, kDetailsMax> details = {};
  std::uint8_t details_count = 0;
  // Limits of the program the request counts against; the first limits_count are set.
  std::array<std::uint16_t, kLimitsMatchedMax> limits = {};
  std::uint8_t limits_count = 0;
  std::int32_t exceeded = -1;  // the limit that decided, or -1
  std::string failure = {};    // what went wrong while deciding; empty when nothing did
};

}  // namespace agentos::policy
