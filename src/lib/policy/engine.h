// One set of documents compiled: the rules in deciding order and the index into them.
//
// Order: documents as given; in one, priority descending; then what can only strengthen the answer first: deny, ask
// and allow with conditions (which may err, and an error denies), ask, allow. The first document that denies ends it.
#pragma once

#include <vector>

#include "lib/policy/document.h"
#include "lib/policy/index.h"

namespace agentos::policy {

// The rule that decides, or none. With an error the rule denies, whatever its action.
struct Outcome {
  const Rule* rule = nullptr;
  const Condition* failed = nullptr;
  Verdict verdict = Verdict::kDeny;
};

class Engine {
 public:
  explicit Engine(std::vector<Document> documents);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Outcome evaluate(const Request& request) const;  // allocates nothing
  // Whether any document is for this agent.
  bool applies(const Principal& principal) const;

  bool empty() const { return documents_.empty(); }
  const std::vector<Document>& documents() const { return documents_; }  // their rules are in rules()
  const std::vector<Rule>& rules() const { return rules_; }
  const std::vector<Glob>& scope_of(const Rule& rule) const { return scopes_[rule.document]; }

 private:
  std::vector<Document> documents_;
  std::vector<std::vector<Glob>> scopes_;
  std::vector<Rule> rules_;
  std::vector<std::uint32_t> document_end_;  // position after the last rule of each document
  CandidateIndex index_;
};

// Deny over ask over allow; of equals the first.
bool stronger(Verdict a, Verdict b);

}  // namespace agentos::policy
