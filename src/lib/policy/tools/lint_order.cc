// Rules that another one always decides before, and rules that contradict each other.
#include <fmt/format.h>

#include <algorithm>

#include "lib/policy/clauses.h"
#include "lib/policy/expression.h"
#include "lib/policy/matching.h"
#include "lib/policy/tools/glob_relation.h"
#include "lib/policy/tools/lint_checks.h"

namespace agentos::policy::tools {
namespace {

using Severity = Finding::Severity;
using Operator = Condition::Operator;

constexpr std::size_t kPairsMax = 4'000'000;  // rules compared with each other

template <class List>
bool subset(const List& inner, const List& outer) {
  return std::ranges::all_of(inner, [&](const auto& one) { return std::ranges::find(outer, one) != outer.end(); });
}

std::vector<std::string> names_of(const std::vector<NamedWindow>& windows) {
  std::vector<std::string> names;
  for (const NamedWindow& one : windows) names.push_back(one.name);
  return names;
}

bool calls_covered(const Rule& a, const Rule& b) {
  if (a.any_call) return true;
  return !b.any_call && std::ranges::includes(a.calls, b.calls);
}

bool agents_covered(const LintRule& a, const LintRule& b) {
  const Agents& wide = a.engine->scope_of(*a.rule);
  const Agents& narrow = b.engine->scope_of(*b.rule);
  const bool scope = wide.everyone() || a.document == b.document || to_json(wide) == to_json(narrow);
  const bool names = covers(a.rule->agents, b.rule->agents, Glob::Style::kName) ||
                     (!narrow.names.empty() && covers(a.rule->agents, narrow.names, Glob::Style::kName));
  return scope && names && (b.rule->rings & ~a.rule->rings) == 0;
}

bool resources_covered(const Rule& a, const Rule& b) {
  if (!a.tools.empty() && !covers(a.tools, b.tools, Glob::Style::kName)) return false;
  if (!a.paths.empty()) {
    // A call without a path is met by no paths clause, and rename, which has two, needs both for allow.
    if (b.paths.empty() || !covers(a.paths, b.paths, Glob::Style::kPath)) return false;
    const bool two_paths = b.any_call || std::ranges::find(b.call_names, "rename") != b.call_names.end();
    if (two_paths && a.every_path && !b.every_path) return false;
  }
  return a.targets.empty() || (!b.targets.empty() && subset(b.targets.patterns, a.targets.patterns));
}

bool past_covered(const LintRule& a, const LintRule& b) {
  // Names of windows are those of a document.
  const bool has_windows = !a.rule->during.empty() || !a.rule->outside.empty();
  if (has_windows && a.document != b.document) return false;
  const auto wide = names_of(a.rule->during), narrow = names_of(b.rule->during);
  if (!wide.empty() && (narrow.empty() || !subset(narrow, wide))) return false;
  return subset(names_of(a.rule->outside), names_of(b.rule->outside)) && subset(a.rule->after, b.rule->after) &&
         subset(a.rule->not_after, b.rule->not_after);
}

std::vector<std::string> parts_of(const Rule& rule) {
  std::vector<std::string> texts;
  if (rule.when == nullptr) return texts;
  for (const auto& part : rule.when->conjuncts()) texts.push_back(part->text());
  if (texts.empty()) texts.push_back(rule.when->text());
  return texts;
}

bool conditions_covered(const LintRule& a, const LintRule& b) {
  for (const Condition& condition : a.rule->conditions) {
    if (std::ranges::none_of(b.rule->conditions, [&](const Condition& other) { return implied(condition, other); })) {
      return false;
    }
  }
  if (a.rule->when == nullptr) return true;
  // The same text means the same only with the same tables.
  return a.document == b.document && subset(parts_of(*a.rule), parts_of(*b.rule));
}

int strength(Verdict verdict) { return verdict == Verdict::kDeny ? 2 : verdict == Verdict::kAsk ? 1 : 0; }

enum class Order : std::uint8_t { kBefore, kNeither, kSame };

// Whether `a` decides when both apply: by tier and action, not by place.
Order order_of(const LintRule& a, const LintRule& b) {
  if (a.document != b.document) {
    const bool ends_it = a.rule->action == Verdict::kDeny && a.document->combining == Combining::kDenyOverrides;
    return ends_it && b.rule->action != Verdict::kDeny ? Order::kBefore : Order::kNeither;
  }
  if (a.rule->tier != b.rule->tier) return a.rule->tier < b.rule->tier ? Order::kBefore : Order::kNeither;
  if (a.rule->action == b.rule->action) return Order::kSame;
  const bool stronger = strength(a.rule->action) > strength(b.rule->action);
  const bool allow_first = a.document->combining == Combining::kAllowOverrides;
  return stronger != allow_first ? Order::kBefore : Order::kNeither;
}

void compare(LintContext& context, const LintRule& a, const LintRule& b) {
  const Order order = order_of(a, b);
  if (order == Order::kNeither || !subsumes(a, b)) return;
  const Rule& first = *a.rule;
  const Rule& second = *b.rule;
  if (order == Order::kSame) {
    const bool named_first =
        first.priority > second.priority || (first.priority == second.priority && first.order < second.order);
    const bool does_more = second.obligations != Obligation::kNone || !second.details.empty();
    if (!named_first || (does_more && second.action != Verdict::kDeny)) return;
    context.add(Severity::kWarning, "shadowed", b, "", "",
                fmt::format("rule {} never decides: {} ({}) applies whenever it does, with the same action",
                            second.name, first.id, first.place),
                "leave it out, or make the other one narrower");
    return;
  }
  if (a.document == b.document && first.priority == second.priority && subsumes(b, a)) {
    context.add(Severity::kError, "contradiction", b, "", "",
                fmt::format("rules {} and {} ({}) apply to the same requests and say {} and {}", second.name, first.id,
                            first.place, verdict_name(second.action), verdict_name(first.action)),
                "leave one of them out, or make one narrower");
    return;
  }
  context.add(Severity::kError, "unreachable", b, "", "",
              fmt::format("rule {} never decides: {} ({}) says {} whenever it applies", second.name, first.id,
                          first.place, verdict_name(first.action)),
              "leave it out, make the other one narrower, or change priorities");
}

}  // namespace

bool implied(const Condition& condition, const Condition& other) {
  if (condition.argument != other.argument || condition.type != other.type) return false;
  if (condition.type == Condition::Type::kForm) {
    return condition.op == other.op && condition.quantity == other.quantity && condition.texts == other.texts &&
           condition.integers == other.integers && condition.flags == other.flags;
  }
  class Value final : public Arguments {
   public:
    const std::string* of_text = nullptr;
    std::int64_t of_integer = 0;
    bool text(std::string_view, std::string_view& out) const override {
      if (of_text != nullptr) out = *of_text;
      return of_text != nullptr;
    }
    bool integer(std::string_view, std::int64_t& out) const override {
      out = of_integer;
      return of_text == nullptr;
    }
  } value;
  if (other.op == Operator::kEquals || other.op == Operator::kIn) {
    const bool texts = std::ranges::all_of(other.texts, [&](const std::string& one) {
      value.of_text = &one;
      return holds_of(condition, value) == Truth::kTrue;
    });
    value.of_text = nullptr;
    return texts && std::ranges::all_of(other.integers, [&](std::int64_t one) {
             value.of_integer = one;
             return holds_of(condition, value) == Truth::kTrue;
           });
  }
  if (other.op == Operator::kPrefix) {
    return condition.op == Operator::kPrefix && other.texts.front().starts_with(condition.texts.front());
  }
  const auto is_upper = [](Operator op) { return op == Operator::kLessThan || op == Operator::kAtMost; };
  const auto is_lower = [](Operator op) { return op == Operator::kGreaterThan || op == Operator::kAtLeast; };
  // The extreme value `other` lets through has to pass; its neighbours on the far side then do.
  std::int64_t edge = other.integers.front();
  if (other.op == Operator::kLessThan && edge > INT64_MIN) --edge;
  if (other.op == Operator::kGreaterThan && edge < INT64_MAX) ++edge;
  const bool same_side =
      (is_upper(condition.op) && is_upper(other.op)) || (is_lower(condition.op) && is_lower(other.op));
  value.of_integer = edge;
  return same_side && holds_of(condition, value) == Truth::kTrue;
}

bool subsumes(const LintRule& a, const LintRule& b) {
  return a.rule->phase == b.rule->phase && calls_covered(*a.rule, *b.rule) && agents_covered(a, b) &&
         resources_covered(*a.rule, *b.rule) && past_covered(a, b) && conditions_covered(a, b);
}

void lint_order(LintContext& context) {
  std::size_t pairs = 0;
  const auto& rules = context.rules();
  for (const LintRule& a : rules) {
    for (const LintRule& b : rules) {
      if (a.rule == b.rule || a.engine != b.engine || a.rule->limit >= 0 || b.rule->limit >= 0) continue;
      if (++pairs > kPairsMax) {
        context.add(Severity::kWarning, "bound", rules.front(), "", "",
                    fmt::format("the set has too many rules to compare all of them; {} pairs were", kPairsMax),
                    "lint its documents in smaller sets");
        return;
      }
      compare(context, a, b);
    }
  }
}

}  // namespace agentos::policy::tools
