// Ranking allow and ask rules by how little of them failed, and making the request they would have accepted.
#include "lib/policy/flip.h"

#include <algorithm>

#include "lib/policy/changed_arguments.h"
#include "lib/policy/clauses.h"
#include "lib/policy/form_condition.h"
#include "lib/policy/limits.h"
#include "lib/policy/matching.h"

namespace agentos::policy {
namespace {

constexpr std::size_t kTriesMax = 32;  // suggestions decided anew before the nearest is given as it is

// What a caller can change is nearer than what it cannot.
int cost_of(const Clause& clause) {
  switch (clause.kind) {
    case Clause::Kind::kSyscalls:
      return 100;
    case Clause::Kind::kAgents:
    case Clause::Kind::kScope:
    case Clause::Kind::kRings:
      return 20;
    default:
      return 1;
  }
}

// A value all conditions of the rule on this argument accept, among their boundaries; null when none of those does.
json::Value value_for(const Rule& rule, const std::string& argument, const Request& request) {
  json::Array candidates;
  if (std::string example = form_example(rule.conditions, argument); !example.empty()) candidates.push_back(example);
  for (const Condition& condition : rule.conditions) {
    if (condition.argument != argument || condition.type == Condition::Type::kForm) continue;
    for (const std::string& text : condition.texts) candidates.push_back(text);
    for (std::int64_t integer : condition.integers) {
      candidates.push_back(integer);
      if (integer > INT64_MIN) candidates.push_back(integer - 1);
      if (integer < INT64_MAX) candidates.push_back(integer + 1);
    }
  }
  for (const json::Value& candidate : candidates) {
    ChangedArguments arguments(nullptr);
    arguments.set(argument, candidate);
    Request changed = request;
    changed.arguments = &arguments;
    RequestView view(changed);
    const bool accepted = std::ranges::all_of(rule.conditions, [&](const Condition& condition) {
      return condition.argument != argument || holds(condition, view) == Truth::kTrue;
    });
    if (accepted) return candidate;
  }
  return nullptr;
}

// A request being changed until a rule accepts it, with the storage its views need.
class Attempt {
 public:
  Attempt(const Request& request, const Rule& rule, const Agents& scope)
      : changed_(request.arguments), request_(request), rule_(rule), scope_(scope) {
    request_.arguments = &changed_;
  }
  const Request& request() const { return request_; }
  bool possible() const { return possible_; }

  // The value that passes `clause`, put into the request.
  json::Value mend(const Clause& clause) {
    switch (clause.kind) {
      case Clause::Kind::kSyscalls:
        possible_ = false;
        return rule_.call_names.empty() ? json::Value() : json::Value(rule_.call_names.front());
      case Clause::Kind::kRings:
        return mend_ring();
      case Clause::Kind::kTools:
        tool_ = rule_.tools.front().example();
        request_.tool = tool_;
        return tool_;
      case Clause::Kind::kPaths:
        return mend_paths();
      case Clause::Kind::kScope:
      case Clause::Kind::kAgents:
        return mend_agent(clause.kind == Clause::Kind::kScope ? scope_.names : rule_.agents);
      case Clause::Kind::kTargets:
        return mend_target();
      case Clause::Kind::kDuring:
      case Clause::Kind::kOutside:
      case Clause::Kind::kAfter:
      case Clause::Kind::kNotAfter:
      case Clause::Kind::kLimit:
        possible_ = false;
        return nullptr;
      case Clause::Kind::kExpression:
        return mend_expression();
      case Clause::Kind::kArgument:
        break;
    }
    json::Value value = value_for(rule_, clause.condition->argument, request_);
    if (value.is_null()) {
      possible_ = false;
    } else {
      changed_.set(clause.condition->argument, value);
    }
    return value;
  }

 private:
  json::Value mend_ring() {
    for (int ring = kRingMax; ring >= 0; --ring) {
      if ((rule_.rings >> ring & 1) == 0) continue;
      request_.principal.ring = ring;
      return ring;
    }
    possible_ = false;
    return nullptr;
  }
  json::Value mend_paths() {
    const std::string example = rule_.paths.front().example();
    if (!any_matches(rule_.paths, request_.path)) request_.path = path_ = example;
    if (request_.path_to.empty()) return std::string(request_.path);
    if (!any_matches(rule_.paths, request_.path_to)) request_.path_to = path_to_ = example;
    return json::Array{std::string(request_.path), std::string(request_.path_to)};
  }
  // Tries the values the expression compares arguments with, one argument at a time and then two.
  json::Value mend_expression() {
    if (const auto changes = changes_for(*rule_.when, request_)) {
      json::Object tried;
      for (const auto& [argument, value] : *changes) {
        changed_.set(argument, value);
        tried[argument] = value;
      }
      return tried;
    }
    possible_ = false;
    return nullptr;
  }
  json::Value mend_agent(const std::vector<Glob>& globs) {
    if (globs.empty()) {
      possible_ = false;
      return nullptr;
    }
    agent_ = globs.front().example();
    request_.principal.agent = request_.principal.name = agent_;
    return agent_;
  }
  json::Value mend_target() {
    const Targets& targets = rule_.targets;
    if (targets.self) {
      request_.target = request_.principal.agent;
      return "self";
    }
    if (targets.children) {
      request_.target = target_ = "(a child)";
      request_.target_parent = request_.principal.agent;
      return "children";
    }
    if (targets.nobody) {
      request_.target = {};
      return "none";
    }
    if (targets.globs.empty()) {
      request_.target = request_.principal.parent;
      possible_ = possible_ && !request_.target.empty();
      return "parent";
    }
    request_.target = target_ = targets.globs.front().example();
    return target_;
  }

  ChangedArguments changed_;
  Request request_;
  const Rule& rule_;
  const Agents& scope_;
  bool possible_ = true;
  std::string tool_, path_, path_to_, agent_, target_;
};

struct Ranked {
  int cost = 0;
  const Rule* rule = nullptr;
};

std::vector<Ranked> rank(const Engine& engine, const Request& request) {
  std::vector<Ranked> ranked;
  for (const Rule& rule : engine.rules()) {
    if (rule.action == Verdict::kDeny) continue;
    int cost = rule.action == Verdict::kAsk ? 1 : 0;
    for (const Clause& clause : clauses_of(rule, engine.scope_of(rule), request)) {
      if (clause.truth != Truth::kTrue) cost += 2 * cost_of(clause);
    }
    ranked.push_back({cost, &rule});
  }
  std::ranges::sort(ranked, {}, [](const Ranked& one) { return std::pair(one.cost, one.rule); });
  return ranked;
}

json::Value suggestion(const Engine& engine, const Rule& rule, const Request& request, const Decide& decide,
                       bool& flips) {
  Attempt attempt(request, rule, engine.scope_of(rule));
  json::Array failed;
  for (const Clause& clause : clauses_of(rule, engine.scope_of(rule), request)) {
    if (clause.truth == Truth::kTrue) continue;
    json::Value entry = to_json(clause);
    entry.as_object().append("would_pass", attempt.mend(clause));
    failed.push_back(std::move(entry));
  }
  json::Object object{
      {"rule", rule.id}, {"at", rule.place}, {"action", verdict_name(rule.action)}, {"failed", std::move(failed)}};
  flips = false;
  std::string still;
  if (attempt.possible()) {
    const Decision after = decide(attempt.request());
    flips = after.verdict != Verdict::kDeny;
    if (!flips) still = after.rule;
  }
  object.append("flips", flips);
  if (!still.empty()) object.append("still", still);
  return object;
}

}  // namespace

json::Value allow_with(const Engine& engine, const Request& request, const Decide& decide) {
  const std::vector<Ranked> ranked = rank(engine, request);
  json::Value nearest;
  for (std::size_t i = 0; i < ranked.size() && i < kTriesMax; ++i) {
    bool flips = false;
    json::Value tried = suggestion(engine, *ranked[i].rule, request, decide, flips);
    if (flips) return tried;
    if (i == 0) nearest = std::move(tried);
  }
  return nearest;
}

}  // namespace agentos::policy
