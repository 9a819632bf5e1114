// Whether a rule applies to a request, clause by clause. Pure, allocation-free, and the only place clauses are tested:
// deciding and explaining share it.
#pragma once

#include "lib/policy/document.h"
#include "lib/policy/request_view.h"

namespace agentos::policy {

bool any_matches(const std::vector<Glob>& globs, std::string_view text);
// Whether what is said of an agent also holds for what it forked: what refuses, asks or counts does, so that a child
// gets rid of nothing by being another; what allows does not.
enum class Kin : std::uint8_t { kSelf, kAncestorsToo };
inline Kin kin_of(const Selector& selector) { return selector.tightens ? Kin::kAncestorsToo : Kin::kSelf; }
// By name or id; empty: everyone.
bool names_match(const std::vector<Glob>& globs, const Principal& principal, Kin kin);
bool groups_match(const std::vector<Glob>& globs, const Principal& principal);
bool labels_match(const std::vector<Glob>& globs, const Principal& principal);
bool rings_match(std::uint8_t rings, const Principal& principal);
bool targets_match(const Targets& targets, const Request& request);
bool paths_match(const Selector& selector, const Request& request);
bool windows_match(const Selector& selector, std::int64_t time_us);
bool history_matches(const Selector& selector, const Past* past);
// kError when its expression fails.
Truth agents_match(const Agents& agents, RequestView& view, Kin kin);
Truth holds(const Condition& condition, RequestView& view);

struct Matched {
  Truth truth = Truth::kFalse;
  const Condition* failed = nullptr;  // for kError; null: an expression failed
};
// All clauses but the call and the document's own agents, which `scope` gives. A false clause wins over an error.
Matched match(const Selector& selector, const Agents& scope, RequestView& view);

}  // namespace agentos::policy
