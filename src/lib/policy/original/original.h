// Policy documents of the original Agent OS (PolicyDocument 1.0), loaded unchanged and decided by their own rules.
//
//   documents (YAML/JSON) -> Documents::compile -> decide(context) -> Answer -> as_decision
//
// The answer is that of the original's evaluator, version 3.1.0, for every document and context both accept. FORMAT.md
// says what the documents mean and where we refuse what it takes. Native documents are ../policy.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json/value.h"
#include "base/yaml/document.h"
#include "lib/policy/decision.h"
#include "lib/policy/policy.h"

namespace agentos::policy::original {

enum class Action : std::uint8_t { kAllow, kDeny, kAudit, kBlock };
std::string_view action_name(Action action);  // "allow" "deny" "audit" "block"

// Views point into the Documents that answered.
struct Answer {
  bool allowed = false;  // allow and audit
  Action action = Action::kDeny;
  std::optional<std::string_view> matched_rule = {};  // the name, which may be empty; absent: the default, or an error
  std::string_view reason = {};
  std::string_view document = {};        // the name of the one that decided; empty: none, or an error
  std::string_view qualified_rule = {};  // "<document>/<rule>", "<document>/default", "no-documents" or "error"
};

inline constexpr std::size_t kDocumentsMax = 256;
inline constexpr std::size_t kRulesMax = 10'000;  // of all documents of a set

// Immutable; any number of threads may decide.
class Documents {
 public:
  // In this order: the first one's default counts, and of rules of one priority the first. kInvalidArgument or
  // kMalformed with "file:line:column: what" and a way to mend it.
  static Result<std::shared_ptr<const Documents>> compile(std::span<const Source> sources);
  // Documents as a JSON list, without positions: "documents[2]: rule 1: ...".
  static Result<std::shared_ptr<const Documents>> compile(const json::Value& list);
  ~Documents();

  // Pure. Allocates only to turn lists and objects into text for `matches`, and for patterns RE2 does not answer.
  // Anything but an object is an error, and an error denies.
  Answer decide(const json::Value& context) const;

  std::size_t rule_count() const;
  std::size_t document_count() const;
  Action default_action() const;  // of the first document; allow without documents
  std::string_view name() const;  // of the first document

 private:
  struct Compiled;
  explicit Documents(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

// allow and audit allow, audit with the obligation to audit; deny and block deny.
Decision as_decision(const Answer& answer, std::uint64_t epoch);

// Whether a document means to be one of the original: a mapping without "apiVersion" whose keys are among the
// original's or whose rules have a condition of field and operator.
bool is_original(const yaml::Node& root);

}  // namespace agentos::policy::original
