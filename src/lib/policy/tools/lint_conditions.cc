// Clauses that are always true or never: of no request, whatever it is.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "lib/policy/expression.h"
#include "lib/policy/matching.h"
#include "lib/policy/tools/glob_relation.h"
#include "lib/policy/tools/lint_checks.h"

namespace agentos::policy::tools {
namespace {

using Severity = Finding::Severity;

void never(LintContext& context, const LintRule& one, std::string_view key, std::string_view item, std::string why,
           std::string fix) {
  context.add(Severity::kError, "never-matches", one, key, item,
              fmt::format("rule {} never applies: {}", one.rule->name, why), std::move(fix));
}

struct Range {
  std::int64_t least = INT64_MIN, most = INT64_MAX;
  void narrow(const Condition& condition) {
    const std::int64_t low = condition.integers.front(), high = condition.integers.back();
    switch (condition.op) {
      case Condition::Operator::kLessThan:
        most = std::min(most, low == INT64_MIN ? low : low - 1);
        break;
      case Condition::Operator::kGreaterThan:
        least = std::max(least, low == INT64_MAX ? low : low + 1);
        break;
      case Condition::Operator::kAtMost:
        most = std::min(most, low);
        break;
      case Condition::Operator::kAtLeast:
        least = std::max(least, low);
        break;
      default:
        least = std::max(least, low);
        most = std::min(most, high);
    }
  }
};

class OneText final : public Arguments {
 public:
  explicit OneText(std::string_view value) : value_(value) {}
  bool text(std::string_view, std::string_view& out) const override {
    out = value_;
    return true;
  }
  bool integer(std::string_view, std::int64_t&) const override { return false; }

 private:
  std::string_view value_;
};

// Whether comparisons with one text argument exclude each other.
bool exclude(const std::vector<const Condition*>& conditions) {
  const auto holds_all = [&](const std::string& text) {
    const OneText arguments(text);
    return std::ranges::all_of(
        conditions, [&](const Condition* condition) { return holds_of(*condition, arguments) == Truth::kTrue; });
  };
  std::string longest_prefix;
  for (const Condition* condition : conditions) {
    if (condition->op != Condition::Operator::kPrefix) return std::ranges::none_of(condition->texts, holds_all);
    if (condition->texts.front().size() > longest_prefix.size()) longest_prefix = condition->texts.front();
  }
  return !holds_all(longest_prefix);
}

void check_comparisons(LintContext& context, const LintRule& one) {
  std::map<std::string, std::vector<const Condition*>> by_argument;
  for (const Condition& condition : one.rule->conditions) {
    if (condition.type != Condition::Type::kForm) by_argument[condition.argument].push_back(&condition);
  }
  for (const auto& [argument, conditions] : by_argument) {
    const auto is_text = [](const Condition* condition) { return condition->type == Condition::Type::kText; };
    const std::ptrdiff_t texts = std::ranges::count_if(conditions, is_text);
    if (texts != 0 && texts != std::ssize(conditions)) {
      never(context, one, "arguments", argument,
            fmt::format("argument \"{}\" is compared with a string and with an integer, so one of them always fails",
                        argument),
            "compare it with values of one type");
      continue;
    }
    bool empty = false;
    if (texts == 0) {
      Range range;
      for (const Condition* condition : conditions) range.narrow(*condition);
      empty = range.least > range.most;
    } else {
      empty = exclude(conditions);
    }
    if (empty) {
      never(context, one, "arguments", argument,
            fmt::format("no value of argument \"{}\" passes all its comparisons", argument),
            "leave one of the comparisons out");
    }
  }
}

// `attribute == a && attribute == b`.
void check_equalities(LintContext& context, const LintRule& one) {
  std::map<std::string, const Equality*> seen;
  for (const Equality& equality : one.rule->when->equalities()) {
    const auto [first, fresh] = seen.emplace(equality.attribute, &equality);
    if (fresh) continue;
    const auto meets = [](const auto& a, const auto& b) {
      return std::ranges::any_of(a, [&](const auto& value) { return std::ranges::find(b, value) != b.end(); });
    };
    if (meets(first->second->texts, equality.texts) || meets(first->second->integers, equality.integers)) continue;
    never(context, one, "when", "", fmt::format("{} cannot be both of what it is compared with", equality.attribute),
          "join the values with in [...], or the comparisons with ||");
  }
}

void check_expression(LintContext& context, const LintRule& one) {
  if (one.rule->when == nullptr) return;
  check_equalities(context, one);
  const Request nothing;
  for (const auto& part : one.rule->when->conjuncts()) {
    if (!part->reads().empty()) continue;
    RequestView view(nothing);
    switch (part->holds(view)) {
      case Truth::kTrue:
        context.add(Severity::kWarning, "constant", one, "when", "", fmt::format("\"{}\" is always true", part->text()),
                    "leave it out");
        break;
      case Truth::kFalse:
        never(context, one, "when", "", fmt::format("\"{}\" is always false", part->text()),
              "leave the rule out, or say what is meant");
        break;
      case Truth::kError:
        context.add(Severity::kError, "constant", one, "when", "",
                    fmt::format("\"{}\" always fails, so the rule denies whatever it is asked about", part->text()),
                    "mend the expression");
    }
  }
}

void check_agents(LintContext& context, const LintRule& one) {
  const Agents& scope = one.engine->scope_of(*one.rule);
  if (!may_meet(one.rule->agents, scope.names, Glob::Style::kName)) {
    never(context, one, "agents", "", "none of its agents is one the document is for (spec.agents)",
          "write the same names in both");
  }
  const bool all_rings = one.rule->rings == 0x0f && one.node != nullptr && one.node->find("rings") != nullptr;
  if (all_rings) {
    context.add(Severity::kWarning, "constant", one, "rings", "", "these are all rings there are", "leave it out");
  }
  if ((one.rule->rings & scope.rings) == 0) {
    never(context, one, "rings", "", "none of its rings is one the document is for", "write the same rings in both");
  }
  for (const auto& [globs, key] : {std::pair(&one.rule->agents, "agents"), std::pair(&one.rule->tools, "tools")}) {
    for (const Glob& glob : *globs) {
      if (glob.pattern() != "*") continue;
      // Without syscalls it is how a rule says that it is about every tool.
      if (globs == &one.rule->tools && (one.node == nullptr || one.node->find("syscalls") == nullptr)) continue;
      context.add(Severity::kWarning, "constant", one, key, "*", fmt::format("\"*\" in {} matches everything", key),
                  one.rule->tools.empty() ? "leave the clause out" : "write syscalls: [exec] instead of tools");
    }
  }
}

bool has_field(const Vocabulary::Call& call, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(
      call.arguments, [&](const abi::FieldInfo& field) { return std::ranges::find(names, field.name) != names.end(); });
}

// Clauses about what none of the rule's calls has.
void check_resources(LintContext& context, const LintRule& one) {
  if (one.rule->any_call) return;
  const bool only_nobody = one.rule->targets.nobody && one.rule->targets.patterns.size() == 1;
  bool paths = false, targets = false;
  for (const Vocabulary::Call& call : context.set().vocabulary->calls) {
    if (!std::ranges::binary_search(one.rule->calls, call.number)) continue;
    const bool is_checkpoint = call.name.starts_with("checkpoint_");
    paths = paths || !call.typed || is_checkpoint || call.name == "seek" || has_field(call, {"path"});
    targets = targets || !call.typed || has_field(call, {"target", "agent"});
  }
  if (!one.rule->paths.empty() && !paths) {
    never(context, one, "paths", "", "none of its calls names a path", "leave the clause out");
  }
  if (one.rule->targets.empty()) return;
  if (!targets && !one.rule->targets.nobody) {
    never(context, one, "targets", "", "none of its calls acts on an agent", "leave the clause out");
  } else if (!targets && only_nobody) {
    context.add(Severity::kWarning, "constant", one, "targets", "", "none of its calls acts on an agent anyway",
                "leave the clause out");
  }
}

void check_windows(LintContext& context, const LintRule& one) {
  for (const NamedWindow& inside : one.rule->during) {
    const bool also_outside =
        std::ranges::find(one.rule->outside, inside.name, &NamedWindow::name) != one.rule->outside.end();
    if (also_outside && one.rule->during.size() == 1) {
      never(context, one, "outside", inside.name,
            fmt::format("it holds during window \"{}\" and outside of it", inside.name), "leave one of them out");
    }
  }
  for (const std::string& name : one.rule->after_names) {
    if (std::ranges::find(one.rule->not_after_names, name) != one.rule->not_after_names.end()) {
      never(context, one, "not_after", name, fmt::format("it holds after sequence \"{}\" and not after it", name),
            "leave one of them out");
    }
  }
}

}  // namespace

void lint_conditions(LintContext& context) {
  for (const LintRule& one : context.rules()) {
    check_comparisons(context, one);
    check_expression(context, one);
    check_agents(context, one);
    check_resources(context, one);
    check_windows(context, one);
  }
}

}  // namespace agentos::policy::tools
