// The rules of one phase and mode of a set of documents compiled: in deciding order, with the index into them.
//
// Order: limits first; then documents as given; in one, by tier (priority or specificity, as its strategy says) and
// then what can only strengthen the answer first. A rule that must be looked at even when another already decides,
// because it may fail or carries obligations, comes before those that need not. The first document that denies ends it.
#pragma once

#include <array>
#include <vector>

#include "lib/policy/document.h"
#include "lib/policy/index.h"
#include "lib/policy/pattern_index.h"
#include "lib/policy/request_view.h"

namespace agentos::policy {

// The rule that decides, or none, and what else counts. With an error the rule denies, whatever its action.
struct Outcome {
  const Rule* rule = nullptr;
  bool error = false;
  const Condition* failed = nullptr;  // the comparison that erred; null: an expression did
  Verdict verdict = Verdict::kDeny;
  Obligation obligations = Obligation::kNone;  // of the rules that applied, for allow and ask
  std::array<const Details*, kDetailsMax> details = {};
  std::uint8_t details_count = 0;
  std::array<std::uint16_t, kLimitsMatchedMax> limits = {};
  std::uint8_t limits_count = 0;
};

class Engine {
 public:
  Engine() = default;
  // `past` must outlive the engine.
  Engine(std::vector<Document> documents, const PastSpecs* past);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  Engine(Engine&&) = default;
  Engine& operator=(Engine&&) = default;

  Outcome evaluate(RequestView& view) const;  // allocates nothing
  // Of a call that is only listed (Known::kListing): whether it could be allowed. Looks at every rule.
  Outcome evaluate_listing(RequestView& view) const;
  // Whether any document is for this agent; an expression that fails says yes.
  bool applies(RequestView& view) const;

  bool empty() const { return documents_.empty(); }
  const std::vector<Document>& documents() const { return documents_; }  // their rules are in rules()
  const std::vector<Rule>& rules() const { return rules_; }
  const Agents& scope_of(const Rule& rule) const { return documents_[rule.document].agents; }
  // Precondition: rule.limit >= 0.
  const LimitSpec& limit_of(const Rule& rule) const { return past_->limits[static_cast<std::size_t>(rule.limit)].spec; }

 private:
  template <class Positions>
  class Scan;
  Scope broadest(RequestView& view) const;

  std::vector<Document> documents_;
  std::vector<Rule> rules_;
  std::vector<std::uint32_t> document_end_;  // position after the last rule of each document
  std::uint32_t limits_end_ = 0;             // position after the last limit
  bool one_scope_ = true;
  const PastSpecs* past_ = nullptr;
  CandidateIndex index_;
  PatternIndex patterns_;
};

// Deny over ask over allow; of equals the first.
bool stronger(Verdict a, Verdict b);

}  // namespace agentos::policy
