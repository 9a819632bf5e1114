// Sorting rules so that the scan can stop early, and the scan.
#include "lib/policy/engine.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "lib/policy/matching.h"
#include "lib/policy/subject.h"

namespace agentos::policy {
namespace {

int strength(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return 0;
    case Verdict::kAsk:
      return 1;
    case Verdict::kDeny:
      break;
  }
  return 2;
}

int strength_in(Combining combining, Verdict verdict) {
  return combining == Combining::kAllowOverrides ? 2 - strength(verdict) : strength(verdict);
}

bool must_be_seen(const Rule& rule) {
  return rule.fallible() || !rule.details.empty() || rule.obligations != Obligation::kNone;
}

bool is_plain(const Selector& selector) {
  return selector.paths.empty() && selector.agents.empty() && selector.targets.empty() && selector.during.empty() &&
         selector.outside.empty() && selector.after.empty() && selector.not_after.empty();
}

// One of many rules is in no near cache: what deciding reads of it then comes together, not one line after the other.
void prefetch(const Rule& rule) {
  const Standing& standing = rule;
  const Selector& selector = rule;
  __builtin_prefetch(&standing);
  __builtin_prefetch(&selector.tools);
  __builtin_prefetch(&selector.when);
  __builtin_prefetch(&rule.id);
  __builtin_prefetch(&rule.message);
  __builtin_prefetch(&rule.details);
}

// Whether `later`, of the same document and tier, would take the place of `best` as the answer.
bool replaces(Combining combining, const Rule& best, const Rule& later) {
  if (later.action != best.action) {
    return strength_in(combining, later.action) > strength_in(combining, best.action);
  }
  return std::tuple(-static_cast<std::int64_t>(later.priority), later.order) <
         std::tuple(-static_cast<std::int64_t>(best.priority), best.order);
}

}  // namespace

bool stronger(Verdict a, Verdict b) { return strength(a) > strength(b); }

Engine::Engine(std::vector<Document> documents, const PastSpecs* past) : documents_(std::move(documents)), past_(past) {
  std::vector<Rule*> in_order;  // a rule is large, so each is moved once
  for (std::uint32_t i = 0; i < documents_.size(); ++i) {
    one_scope_ = one_scope_ && documents_[i].scope == documents_[0].scope;
    for (std::vector<Rule>* list : {&documents_[i].limits, &documents_[i].rules}) {
      for (Rule& rule : *list) {
        rule.document = i;
        in_order.push_back(&rule);
      }
    }
  }
  std::ranges::sort(in_order, {}, [](const Rule* rule) {
    return std::tuple(rule->limit < 0, rule->document, rule->tier, rule->place_in_tier,
                      -static_cast<std::int64_t>(rule->priority), rule->order);
  });
  rules_.reserve(in_order.size());
  for (Rule* rule : in_order) {
    rule->plain = is_plain(*rule);
    rule->must_be_seen = must_be_seen(*rule);
    rules_.push_back(std::move(*rule));
  }
  for (Document& document : documents_) {
    document.limits = std::vector<Rule>();
    document.rules = std::vector<Rule>();
  }
  const auto first_rule = std::ranges::find_if(rules_, [](const Rule& rule) { return rule.limit < 0; });
  limits_end_ = static_cast<std::uint32_t>(first_rule - rules_.begin());
  std::uint32_t end = limits_end_;
  for (std::uint32_t i = 0; i < documents_.size(); ++i) {
    while (end < rules_.size() && rules_[end].document == i) ++end;
    document_end_.push_back(end);
  }
  std::vector<const Agents*> scopes;
  for (const Document& document : documents_) scopes.push_back(&document.agents);
  index_.build(rules_, scopes);
  patterns_.build(rules_);
}

bool Engine::applies(RequestView& view) const {
  return std::ranges::any_of(documents_, [&](const Document& document) {
    return agents_match(document.agents, view, Kin::kSelf) != Truth::kFalse;
  });
}

Scope Engine::broadest(RequestView& view) const {
  Scope scope = Scope::kAgent;
  if (one_scope_) return documents_.empty() ? scope : documents_[0].scope;
  for (const Document& document : documents_) {
    if (document.scope < scope && agents_match(document.agents, view, Kin::kSelf) != Truth::kFalse)
      scope = document.scope;
  }
  return scope;
}

namespace {

// Every rule but the limits, for a request that has no arguments to look up in the index.
class EveryRule {
 public:
  EveryRule(std::span<const Rule> rules, std::uint32_t first, std::uint16_t call)
      : rules_(rules), first_(first), call_(call) {}
  std::uint32_t next(std::uint32_t floor) const {
    for (std::uint32_t at = std::max(floor, first_); at < rules_.size(); ++at) {
      if (rules_[at].any_call || std::ranges::binary_search(rules_[at].calls, call_)) return at;
    }
    return Candidates::kEnd;
  }

 private:
  std::span<const Rule> rules_;
  const std::uint32_t first_;
  const std::uint16_t call_;
};

}  // namespace

// One request on its way through the rules that could apply, whose positions come in order.
template <class Positions>
class Engine::Scan {
 public:
  // The positions are made in place from the rest: candidates are kilobytes, copying them would double a decision.
  template <class... From>
  Scan(const Engine& engine, RequestView& view, const From&... from)
      : engine_(engine), view_(view), broadest_(engine.broadest(view)), candidates_(from...) {}

  Outcome run() {
    for (std::uint32_t position = candidates_.next(0); position != Candidates::kEnd;) {
      const Rule& rule = engine_.rules_[position];
      prefetch(rule);
      if (position >= engine_.limits_end_ && best_ != nullptr && settled(rule)) {
        const std::uint32_t end = engine_.document_end_[best_->document];
        if (!keep_best()) return outcome_;
        position = position < end ? candidates_.next(end) : position;
        continue;
      }
      Matched found;
      if (view_.known() == Known::kListing || engine_.patterns_.may_hold(rule, view_)) {
        found = match(rule, engine_.scope_of(rule), view_);
      }
      if (found.truth != Truth::kFalse && !take(rule, found)) return outcome_;
      position = candidates_.next(position + 1);
    }
    if (!keep_best() || outcome_.rule == nullptr) return outcome_;
    outcome_.verdict = outcome_.rule->action;
    if (!answered_) outcome_.rule = nullptr;
    return outcome_;
  }

 private:
  // Whether `next` and what follows it in the document of the best cannot change its answer.
  bool settled(const Rule& next) const {
    if (next.document != best_->document || next.tier != best_->tier) return true;
    return !next.must_be_seen && !replaces(engine_.documents_[next.document].combining, *best_, next);
  }

  // False: denied, the scan is over.
  bool take(const Rule& rule, const Matched& found) {
    if (rule.limit >= 0) return take_limit(rule, found);
    if (found.truth == Truth::kError) return deny(rule, found.failed, true);
    const Document& document = engine_.documents_[rule.document];
    if (rule.action == Verdict::kDeny && document.combining != Combining::kAllowOverrides) {
      return deny(rule, nullptr, false);
    }
    if (rule.action != Verdict::kDeny && !add_details(rule)) return deny(rule, nullptr, true);
    if (best_ == nullptr || replaces(document.combining, *best_, rule)) best_ = &rule;
    return true;
  }

  bool take_limit(const Rule& rule, const Matched& found) {
    if (found.truth == Truth::kError) return deny(rule, found.failed, true);
    const Request& request = view_.request();
    const auto index = static_cast<std::uint32_t>(rule.limit);
    const LimitSpec& spec = engine_.past_->limits[index].spec;
    if (request.past == nullptr || request.past->limit_allows(index, limit_subject(spec, request))) {
      if (outcome_.limits_count == kLimitsMatchedMax) return deny(rule, nullptr, true);
      outcome_.limits[outcome_.limits_count++] = static_cast<std::uint16_t>(index);
      return true;
    }
    if (rule.action == Verdict::kDeny) return deny(rule, nullptr, false);
    // Beyond what it allows: whoever is asked may let the call pass, but it has no room to be counted in.
    if (outcome_.rule == nullptr) outcome_.rule = &rule;
    return add_details(rule) || deny(rule, nullptr, true);
  }

  bool add_details(const Rule& rule) {
    outcome_.obligations = outcome_.obligations | rule.obligations;
    if (rule.details.empty()) return true;
    if (outcome_.details_count == kDetailsMax) return false;
    outcome_.details[outcome_.details_count++] = &rule.details;
    return true;
  }

  bool deny(const Rule& rule, const Condition* failed, bool error) {
    outcome_.rule = &rule;
    outcome_.error = error;
    outcome_.failed = failed;
    outcome_.verdict = Verdict::kDeny;
    return false;
  }

  // The answer of a document that is done. What allows must be said by the broadest scope; a narrower one only
  // tightens. False: denied, the scan is over.
  bool keep_best() {
    const Rule* answer = best_;
    best_ = nullptr;
    if (answer == nullptr) return true;
    if (answer->action == Verdict::kDeny) return deny(*answer, nullptr, false);
    if (engine_.documents_[answer->document].scope == broadest_) {
      answered_ = true;
    } else if (answer->action == Verdict::kAllow) {
      return true;
    }
    if (outcome_.rule == nullptr || stronger(answer->action, outcome_.rule->action)) outcome_.rule = answer;
    return true;
  }

  const Engine& engine_;
  RequestView& view_;
  const Scope broadest_;
  Positions candidates_;
  Outcome outcome_;
  const Rule* best_ = nullptr;  // of the document being scanned
  bool answered_ = false;       // a document of the broadest scope allows or asks
};

Outcome Engine::evaluate(RequestView& view) const {
  return Scan<Candidates>(*this, view, index_, view.request()).run();
}

Outcome Engine::evaluate_listing(RequestView& view) const {
  return Scan<EveryRule>(*this, view, rules_, limits_end_, view.request().call).run();
}

}  // namespace agentos::policy
