// The clause tests, cheapest first.
#include "lib/policy/matching.h"

#include <algorithm>

#include "lib/policy/expression.h"
#include "lib/policy/form_condition.h"

namespace agentos::policy {

bool any_matches(const std::vector<Glob>& globs, std::string_view text) {
  for (const Glob& glob : globs) {
    if (glob.matches(text)) return true;
  }
  return false;
}

namespace {

// A child's name is its parent's, a dot and its own.
bool ancestors_match(const std::vector<Glob>& globs, const Principal& principal) {
  std::string_view name = principal.name;
  for (const std::string& id : principal.chain) {
    if (any_matches(globs, id)) return true;
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) continue;
    name = name.substr(0, dot);
    if (any_matches(globs, name)) return true;
  }
  return false;
}

}  // namespace

bool names_match(const std::vector<Glob>& globs, const Principal& principal, Kin kin) {
  return globs.empty() || any_matches(globs, principal.name) || any_matches(globs, principal.agent) ||
         (kin == Kin::kAncestorsToo && ancestors_match(globs, principal));
}

bool labels_match(const std::vector<Glob>& globs, const Principal& principal) {
  if (globs.empty()) return true;
  for (const std::string& label : principal.labels) {
    if (any_matches(globs, label)) return true;
  }
  return false;
}

bool groups_match(const std::vector<Glob>& globs, const Principal& principal) {
  if (globs.empty()) return true;
  for (const std::string& label : principal.labels) {
    if (label.starts_with(kGroupPrefix) && any_matches(globs, std::string_view(label).substr(kGroupPrefix.size()))) {
      return true;
    }
  }
  return false;
}

bool rings_match(std::uint8_t rings, const Principal& principal) {
  return principal.ring >= 0 && principal.ring < 8 && (rings >> principal.ring & 1) != 0;
}

Truth agents_match(const Agents& agents, RequestView& view, Kin kin) {
  const Principal& principal = view.request().principal;
  if (!names_match(agents.names, principal, kin)) return Truth::kFalse;
  if (agents.everyone()) [[likely]]
    return Truth::kTrue;
  if (!rings_match(agents.rings, principal) || !groups_match(agents.groups, principal) ||
      !labels_match(agents.labels, principal)) {
    return Truth::kFalse;
  }
  return agents.when == nullptr ? Truth::kTrue : agents.when->holds(view);
}

bool targets_match(const Targets& targets, const Request& request) {
  if (request.target.empty()) return targets.nobody;
  const std::string_view self = request.principal.agent;
  if (targets.self && request.target == self) return true;
  if (targets.children && !self.empty() && request.target_parent == self) return true;
  if (targets.parent && request.target == request.principal.parent) return true;
  return any_matches(targets.globs, request.target);
}

bool paths_match(const Selector& selector, const Request& request) {
  const bool first = any_matches(selector.paths, request.path);
  if (request.path_to.empty()) return first;
  const bool second = any_matches(selector.paths, request.path_to);
  return selector.every_path ? first && second : first || second;
}

bool windows_match(const Selector& selector, std::int64_t time_us) {
  const auto open = [&](const NamedWindow& one) { return one.window->contains(time_us); };
  if (!selector.during.empty() && std::ranges::none_of(selector.during, open)) return false;
  return std::ranges::none_of(selector.outside, open);
}

// A step that failed may have told or changed something, or nothing: it counts where that makes the answer stricter.
bool history_matches(const Selector& selector, const Past* past) {
  const auto happened = [&](std::uint32_t sequence) { return past != nullptr && past->happened(sequence); };
  const auto attempted = [&](std::uint32_t sequence) { return past != nullptr && past->attempted(sequence); };
  if (selector.tightens) {
    return std::ranges::all_of(selector.after, attempted) && std::ranges::none_of(selector.not_after, happened);
  }
  return std::ranges::all_of(selector.after, happened) && std::ranges::none_of(selector.not_after, attempted);
}

namespace {

bool compare_text(const Condition& condition, std::string_view value) {
  if (condition.op == Condition::Operator::kPrefix) return value.starts_with(condition.texts.front());
  return std::ranges::binary_search(condition.texts, value, std::less<std::string_view>());
}

bool compare_integer(const Condition& condition, std::int64_t value) {
  switch (condition.op) {
    case Condition::Operator::kLessThan:
      return value < condition.integers.front();
    case Condition::Operator::kGreaterThan:
      return value > condition.integers.front();
    case Condition::Operator::kAtMost:
      return value <= condition.integers.front();
    case Condition::Operator::kAtLeast:
      return value >= condition.integers.front();
    default:
      return std::ranges::binary_search(condition.integers, value);
  }
}

}  // namespace

Truth holds(const Condition& condition, RequestView& view) {
  const Arguments* arguments = view.request().arguments;
  if (arguments == nullptr) return Truth::kFalse;
  if (condition.type == Condition::Type::kForm) return form_holds(condition, view);
  bool result = false;
  if (condition.type == Condition::Type::kText) {
    std::string_view value;
    if (!arguments->text(condition.argument, value)) {
      return arguments->present(condition.argument) ? Truth::kError : Truth::kFalse;
    }
    result = compare_text(condition, value);
  } else {
    std::int64_t value = 0;
    if (!arguments->integer(condition.argument, value)) {
      return arguments->present(condition.argument) ? Truth::kError : Truth::kFalse;
    }
    result = compare_integer(condition, value);
  }
  return result ? Truth::kTrue : Truth::kFalse;
}

namespace {

// Of a rule that looks at arguments: an allow or ask rule may apply, a deny rule may not.
Matched match_listing(const Selector& selector, const Agents& scope, RequestView& view) {
  const Request& request = view.request();
  if (selector.action_denies || !names_match(selector.agents, request.principal, kin_of(selector))) return {};
  if (!windows_match(selector, request.time_us) || !history_matches(selector, request.past)) return {};
  return {agents_match(scope, view, kin_of(selector)), nullptr};
}

// The clauses a plain selector has none of.
bool other_clauses_match(const Selector& selector, const Request& request) {
  if (!selector.paths.empty() && !paths_match(selector, request)) return false;
  if (!names_match(selector.agents, request.principal, kin_of(selector))) return false;
  if (!selector.targets.empty() && !targets_match(selector.targets, request)) return false;
  if (!(selector.during.empty() && selector.outside.empty()) && !windows_match(selector, request.time_us)) return false;
  return (selector.after.empty() && selector.not_after.empty()) || history_matches(selector, request.past);
}

}  // namespace

Matched match(const Selector& selector, const Agents& scope, RequestView& view) {
  const Request& request = view.request();
  if (!rings_match(selector.rings, request.principal)) return {};
  if (!selector.tools.empty() && !any_matches(selector.tools, request.tool)) return {};
  if (selector.needs_arguments && view.known() == Known::kListing) return match_listing(selector, scope, view);
  if (!selector.plain && !other_clauses_match(selector, request)) return {};
  Matched result{Truth::kTrue, nullptr};
  for (const Condition& condition : selector.conditions) {
    Truth truth = holds(condition, view);
    if (truth == Truth::kFalse) return {};
    if (truth == Truth::kError && result.truth == Truth::kTrue) result = {Truth::kError, &condition};
  }
  const Truth scoped = agents_match(scope, view, kin_of(selector));
  if (scoped == Truth::kFalse) return {};
  if (scoped == Truth::kError && result.truth == Truth::kTrue) result = {Truth::kError, nullptr};
  if (selector.when != nullptr) {
    const Truth truth = selector.when->holds(view);
    if (truth == Truth::kFalse) return {};
    if (truth == Truth::kError && result.truth == Truth::kTrue) result = {Truth::kError, nullptr};
  }
  return result;
}

}  // namespace agentos::policy
