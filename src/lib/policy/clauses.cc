// Clauses one by one, without stopping at the first that fails.
#include "lib/policy/clauses.h"

#include <algorithm>
#include <tuple>

#include "lib/policy/expression.h"
#include "lib/policy/form_condition.h"
#include "lib/policy/limits.h"
#include "lib/policy/matching.h"

namespace agentos::policy {
namespace {

using Kind = Clause::Kind;

json::Value text_value(std::string_view text) {
  if (text.empty()) return nullptr;
  return json::to_valid_utf8(text);
}

json::Value actual_paths(const Request& request) {
  if (request.path_to.empty()) return text_value(request.path);
  return json::Array{text_value(request.path), text_value(request.path_to)};
}

json::Value actual_agent(const Principal& principal) {
  if (principal.name.empty() || principal.name == principal.agent) return text_value(principal.agent);
  return json::Array{text_value(principal.name), text_value(principal.agent)};
}

json::Value actual_argument(const Condition& condition, RequestView& view) {
  const Arguments* arguments = view.request().arguments;
  if (arguments == nullptr) return nullptr;
  if (condition.type == Condition::Type::kForm) return form_actual(condition, view);
  std::string_view text;
  if (arguments->text(condition.argument, text)) return json::to_valid_utf8(text);
  std::int64_t integer = 0;
  if (arguments->integer(condition.argument, integer)) return integer;
  if (arguments->present(condition.argument)) return "(of another type)";
  return nullptr;
}

Truth truth_of(bool held) { return held ? Truth::kTrue : Truth::kFalse; }

}  // namespace

json::Array patterns_of(const std::vector<Glob>& globs) {
  json::Array patterns;
  for (const Glob& glob : globs) patterns.push_back(glob.pattern());
  return patterns;
}

json::Object to_json(const Agents& agents) {
  json::Object object;
  if (!agents.names.empty()) object.append("names", patterns_of(agents.names));
  if (!agents.groups.empty()) object.append("groups", patterns_of(agents.groups));
  if (!agents.labels.empty()) object.append("labels", patterns_of(agents.labels));
  if (agents.rings != 0xff) object.append("rings", rings_of(agents.rings));
  if (agents.when != nullptr) object.append("when", agents.when->text());
  return object;
}

json::Array rings_of(std::uint8_t mask) {
  json::Array rings;
  for (int ring = 0; ring <= kRingMax; ++ring) {
    if ((mask >> ring & 1) != 0) rings.push_back(ring);
  }
  return rings;
}

json::Value operand_of(const Condition& condition) {
  json::Array values;
  for (const std::string& text : condition.texts) values.push_back(text);
  for (std::int64_t integer : condition.integers) values.push_back(integer);
  if (condition.op == Condition::Operator::kIn || condition.type == Condition::Type::kForm) return values;
  return std::move(values.front());
}

json::Object arguments_of(const Selector& selector) {
  json::Object arguments;
  for (const Condition& condition : selector.conditions) {
    json::Value& comparisons = arguments[condition.argument];
    if (comparisons.is_null()) comparisons = json::Object{};
    comparisons.as_object()[operator_name(condition.op)] = operand_of(condition);
  }
  return arguments;
}

namespace {

class Lister {
 public:
  Lister(const Rule& rule, const Request& request) : rule_(rule), request_(request), view_(request) {}

  std::vector<Clause> list(const Agents& scope) {
    json::Array calls;
    for (const std::string& call : rule_.call_names) calls.push_back(call);
    add(Kind::kSyscalls, "syscalls", std::move(calls), text_value(request_.call_name),
        rule_.any_call || std::ranges::binary_search(rule_.calls, request_.call));
    list_agents(scope);
    list_resource();
    list_past();
    for (const Condition& condition : rule_.conditions) {
      json::Object pattern;
      pattern.append(std::string(operator_name(condition.op)), operand_of(condition));
      clauses_.push_back({Kind::kArgument, &condition, "arguments." + condition.argument, std::move(pattern),
                          actual_argument(condition, view_), holds(condition, view_),
                          std::string(form_failure(condition, view_))});
    }
    if (rule_.when != nullptr) list_parts("when", *rule_.when);
    return std::move(clauses_);
  }

 private:
  void add(Kind kind, const char* name, json::Value pattern, json::Value actual, bool held) {
    clauses_.push_back({kind, nullptr, name, std::move(pattern), std::move(actual), truth_of(held), {}});
  }

  void list_agents(const Agents& scope) {
    const Principal& principal = request_.principal;
    if (!scope.everyone()) {
      json::Object wanted = to_json(scope);
      json::Value pattern = wanted.size() == 1 && !scope.names.empty() ? json::Value(patterns_of(scope.names))
                                                                       : json::Value(std::move(wanted));
      clauses_.push_back({Kind::kScope,
                          nullptr,
                          "spec.agents",
                          std::move(pattern),
                          actual_agent(principal),
                          agents_match(scope, view_, kin_of(rule_)),
                          {}});
    }
    if (!rule_.agents.empty()) {
      add(Kind::kAgents, "agents", patterns_of(rule_.agents), actual_agent(principal),
          names_match(rule_.agents, principal, kin_of(rule_)));
    }
    if (rule_.rings != 0x0f || !rings_match(rule_.rings, principal)) {
      add(Kind::kRings, "rings", rings_of(rule_.rings), principal.ring, rings_match(rule_.rings, principal));
    }
  }

  void list_resource() {
    if (!rule_.tools.empty()) {
      add(Kind::kTools, "tools", patterns_of(rule_.tools), text_value(request_.tool),
          any_matches(rule_.tools, request_.tool));
    }
    if (!rule_.paths.empty()) {
      add(Kind::kPaths, "paths", patterns_of(rule_.paths), actual_paths(request_), paths_match(rule_, request_));
    }
    if (!rule_.targets.empty()) {
      json::Array patterns;
      for (const std::string& pattern : rule_.targets.patterns) patterns.push_back(pattern);
      add(Kind::kTargets, "targets", std::move(patterns), text_value(request_.target),
          targets_match(rule_.targets, request_));
    }
  }

  void list_past() {
    const auto names = [](const std::vector<NamedWindow>& windows) {
      json::Array list;
      for (const NamedWindow& one : windows) list.push_back(one.name);
      return list;
    };
    const auto open = [&](const NamedWindow& one) { return one.window->contains(request_.time_us); };
    if (!rule_.during.empty()) {
      add(Kind::kDuring, "during", names(rule_.during), request_.time_us, std::ranges::any_of(rule_.during, open));
    }
    if (!rule_.outside.empty()) {
      add(Kind::kOutside, "outside", names(rule_.outside), request_.time_us, std::ranges::none_of(rule_.outside, open));
    }
    const auto happened = [&](std::uint32_t sequence) {
      return request_.past != nullptr && request_.past->happened(sequence);
    };
    for (auto [kind, key, sequences, sequence_names] :
         {std::tuple(Kind::kAfter, "after", &rule_.after, &rule_.after_names),
          std::tuple(Kind::kNotAfter, "not_after", &rule_.not_after, &rule_.not_after_names)}) {
      if (sequences->empty()) continue;
      json::Array wanted, seen;
      for (std::size_t i = 0; i < sequences->size(); ++i) {
        wanted.push_back((*sequence_names)[i]);
        if (happened((*sequences)[i])) seen.push_back((*sequence_names)[i]);
      }
      const bool all = seen.size() == wanted.size(), none = seen.empty();
      add(kind, key, std::move(wanted), std::move(seen), kind == Kind::kAfter ? all : none);
    }
    if (rule_.limit >= 0) {
      const bool used_up =
          request_.past != nullptr && !request_.past->limit_allows(static_cast<std::uint32_t>(rule_.limit), subject_);
      add(Kind::kLimit, "limit", "used up", used_up ? "used up" : "not used up", used_up);
    }
  }

  void list_parts(const char* name, const Expression& expression) {
    for (Part& part : expression.parts(view_)) {
      json::Object actual;
      for (auto& [path, value] : part.actual) actual[path] = std::move(value);
      clauses_.push_back(
          {Kind::kExpression, nullptr, name, part.text, std::move(actual), part.truth, std::move(part.failure)});
    }
  }

  const Rule& rule_;
  const Request& request_;
  RequestView view_;
  std::string_view subject_;
  std::vector<Clause> clauses_;
};

}  // namespace

std::vector<Clause> clauses_of(const Rule& rule, const Agents& scope, const Request& request) {
  return Lister(rule, request).list(scope);
}

json::Value to_json(const Clause& clause) {
  json::Object object{{"clause", clause.name},
                      {"pattern", clause.pattern},
                      {"actual", clause.actual},
                      {"matched", clause.truth == Truth::kTrue}};
  if (clause.truth == Truth::kError) {
    object.append("error",
                  clause.failure.empty() ? "the argument has another type than the rule compares" : clause.failure);
  }
  return object;
}

}  // namespace agentos::policy
