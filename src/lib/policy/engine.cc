// Sorting rules so that the scan can stop early, and the scan.
#include "lib/policy/engine.h"

#include <algorithm>
#include <tuple>

#include "lib/policy/matching.h"

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

// Within one priority: who can still change an answer comes first.
int place_of(const Rule& rule) {
  if (rule.action == Verdict::kDeny) return 0;
  if (rule.fallible) return 1;
  return rule.action == Verdict::kAsk ? 2 : 3;
}

// Whether a later rule of the same document and priority could replace `best` as the answer.
bool can_replace(const Rule& best, const Rule& later) {
  if (later.fallible || stronger(later.action, best.action)) return true;
  return later.action == best.action && later.order < best.order;
}

bool replaces(const Rule& best, const Rule& later) {
  if (later.action != best.action) return stronger(later.action, best.action);
  return later.order < best.order;
}

}  // namespace

bool stronger(Verdict a, Verdict b) { return strength(a) > strength(b); }

Engine::Engine(std::vector<Document> documents) : documents_(std::move(documents)) {
  for (std::uint32_t i = 0; i < documents_.size(); ++i) {
    scopes_.push_back(documents_[i].agents);
    for (Rule& rule : documents_[i].rules) {
      rule.document = i;
      rules_.push_back(std::move(rule));
    }
    documents_[i].rules.clear();
    document_end_.push_back(static_cast<std::uint32_t>(rules_.size()));
  }
  std::ranges::sort(rules_, {}, [](const Rule& rule) {
    return std::tuple(rule.document, -static_cast<std::int64_t>(rule.priority), place_of(rule), rule.order);
  });
  index_.build(rules_, scopes_);
}

bool Engine::applies(const Principal& principal) const {
  return std::ranges::any_of(scopes_, [&](const auto& scope) { return agents_match(scope, principal); });
}

Outcome Engine::evaluate(const Request& request) const {
  Candidates candidates(index_, request);
  const Rule* answer = nullptr;  // of the documents done
  const Rule* best = nullptr;    // of the document being scanned
  for (std::uint32_t position = candidates.next(0); position != Candidates::kEnd;) {
    const Rule& rule = rules_[position];
    if (best != nullptr &&
        (rule.document != best->document || rule.priority != best->priority || !can_replace(*best, rule))) {
      const std::uint32_t end = document_end_[best->document];
      if (answer == nullptr || stronger(best->action, answer->action)) answer = best;
      best = nullptr;
      if (position < end) {
        position = candidates.next(end);
        continue;
      }
    }
    const Match found = match(rule, scopes_[rule.document], request);
    if (found.truth == Truth::kError) return {&rule, found.failed, Verdict::kDeny};
    if (found.truth == Truth::kTrue) {
      if (rule.action == Verdict::kDeny) return {&rule, nullptr, Verdict::kDeny};
      if (best == nullptr || replaces(*best, rule)) best = &rule;
    }
    position = candidates.next(position + 1);
  }
  if (best != nullptr && (answer == nullptr || stronger(best->action, answer->action))) answer = best;
  if (answer == nullptr) return {};
  return {answer, nullptr, answer->action};
}

}  // namespace agentos::policy
