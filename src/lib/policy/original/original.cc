// The compiled form: rules of all documents in one order, patterns compiled, reasons written; and the walk that
// decides.
#include "lib/policy/original/original.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/policy/original/document.h"
#include "lib/policy/original/python_pattern.h"
#include "lib/policy/original/python_value.h"

namespace agentos::policy::original {

namespace {

constexpr std::string_view kNoRule = "No rules matched; default action applied";
constexpr std::string_view kError = "Policy evaluation error \xe2\x80\x94 access denied (fail closed)";

struct CompiledRule {
  Rule rule;
  std::optional<PythonPattern> pattern;
  std::string reason;
  std::string document;
  std::string qualified;
  std::size_t order = 0;  // as loaded
};

bool permits(Action action) { return action == Action::kAllow || action == Action::kAudit; }

// nullopt: the original raises.
std::optional<bool> matches(const PythonPattern& pattern, const json::Value& value) {
  if (value.is_string()) return pattern.search(value.as_string());
  std::string text;
  append_str(value, text);
  return pattern.search(text);
}

std::optional<bool> negated(std::optional<bool> answer) {
  if (answer) answer = !*answer;
  return answer;
}

std::optional<bool> holds(const CompiledRule& compiled, const json::Value& value) {
  const json::Value& target = compiled.rule.value;
  switch (compiled.rule.comparison) {
    case Operator::kEqual:
      return equals(value, target);
    case Operator::kNotEqual:
      return !equals(value, target);
    case Operator::kGreater:
      return compares(value, Comparison::kGreater, target);
    case Operator::kLess:
      return compares(value, Comparison::kLess, target);
    case Operator::kGreaterOrEqual:
      return compares(value, Comparison::kGreaterOrEqual, target);
    case Operator::kLessOrEqual:
      return compares(value, Comparison::kLessOrEqual, target);
    case Operator::kIn:
      return contains(target, value);
    case Operator::kNotIn:
      return negated(contains(target, value));
    case Operator::kMatches:
      return matches(*compiled.pattern, value);
    case Operator::kContains:
      return contains(value, target);
  }
  return std::nullopt;
}

Result<CompiledRule> compile_rule(Rule rule, const Document& document, std::string_view file) {
  CompiledRule compiled;
  if (rule.comparison == Operator::kMatches) {
    std::string pattern;
    append_str(rule.value, pattern);
    auto read = PythonPattern::compile(pattern);
    if (!read) {
      return refuse_at(file, rule.value_mark, fmt::format("rule \"{}\": {}", rule.name, read.error().message),
                       read.error().hint);
    }
    compiled.pattern = std::move(*read);
  }
  compiled.reason = rule.message.empty() ? fmt::format("Matched rule '{}'", rule.name) : rule.message;
  compiled.document = document.name;
  compiled.qualified = fmt::format("{}/{}", document.name, rule.name);
  compiled.rule = std::move(rule);
  return compiled;
}

}  // namespace

struct Documents::Compiled {
  std::vector<CompiledRule> rules;  // by priority, highest first; then as documents and rules came
  std::size_t documents = 0;
  Action default_action = Action::kAllow;
  std::string name;
  std::string qualified_default = "no-documents";

  Status add(Document document, std::string_view file) {
    if (rules.size() + document.rules.size() > kRulesMax) {
      return refuse_at(file, {}, fmt::format("more than {} rules in all documents", kRulesMax));
    }
    for (Rule& rule : document.rules) rules.push_back(TRY(compile_rule(std::move(rule), document, file)));
    if (documents++ == 0) {
      default_action = document.default_action;
      name = document.name;
      qualified_default = document.name + "/default";
    }
    return {};
  }

  // The highest priority first, of equals the first loaded.
  void sort() {
    for (std::size_t i = 0; i < rules.size(); ++i) rules[i].order = i;
    std::ranges::sort(rules, [](const CompiledRule& a, const CompiledRule& b) {
      return a.rule.priority != b.rule.priority ? a.rule.priority > b.rule.priority : a.order < b.order;
    });
  }
};

std::string_view action_name(Action action) {
  switch (action) {
    case Action::kAllow:
      return "allow";
    case Action::kAudit:
      return "audit";
    case Action::kBlock:
      return "block";
    case Action::kDeny:
      break;
  }
  return "deny";
}

Documents::Documents(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Documents::~Documents() = default;

Result<std::shared_ptr<const Documents>> Documents::compile(std::span<const Source> sources) {
  auto compiled = std::make_unique<Compiled>();
  if (sources.size() > kDocumentsMax) {
    return fail(ErrorCode::kTooLarge, fmt::format("{} documents; there may be {}", sources.size(), kDocumentsMax));
  }
  for (const Source& source : sources) TRY(compiled->add(TRY(read_document(source.text, source.file)), source.file));
  compiled->sort();
  return std::shared_ptr<const Documents>(new Documents(std::move(compiled)));
}

Result<std::shared_ptr<const Documents>> Documents::compile(const json::Value& list) {
  auto compiled = std::make_unique<Compiled>();
  if (!list.is_array()) return fail(ErrorCode::kInvalidArgument, "\"documents\" is not a list");
  if (list.as_array().size() > kDocumentsMax) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("{} documents; there may be {}", list.as_array().size(), kDocumentsMax));
  }
  for (const json::Value& document : list.as_array()) {
    const std::string name = fmt::format("documents[{}]", compiled->documents);
    TRY(compiled->add(TRY(read_document_value(document, name)), name));
  }
  compiled->sort();
  return std::shared_ptr<const Documents>(new Documents(std::move(compiled)));
}

Answer Documents::decide(const json::Value& context) const {
  static constexpr Answer kDeniedByError{.reason = kError, .qualified_rule = "error"};
  if (!context.is_object()) return kDeniedByError;
  for (const CompiledRule& compiled : compiled_->rules) {
    const json::Value* value = context.as_object().find(compiled.rule.field);
    if (value == nullptr || value->is_null()) continue;
    const std::optional<bool> answer = holds(compiled, *value);
    if (!answer) return kDeniedByError;
    if (!*answer) continue;
    return {.allowed = permits(compiled.rule.action),
            .action = compiled.rule.action,
            .matched_rule = compiled.rule.name,
            .reason = compiled.reason,
            .document = compiled.document,
            .qualified_rule = compiled.qualified};
  }
  return {.allowed = permits(compiled_->default_action),
          .action = compiled_->default_action,
          .matched_rule = std::nullopt,
          .reason = kNoRule,
          .document = compiled_->name,
          .qualified_rule = compiled_->qualified_default};
}

std::size_t Documents::rule_count() const { return compiled_->rules.size(); }
std::size_t Documents::document_count() const { return compiled_->documents; }
Action Documents::default_action() const { return compiled_->default_action; }
std::string_view Documents::name() const { return compiled_->name; }

Decision as_decision(const Answer& answer, std::uint64_t epoch) {
  return {.verdict = answer.allowed ? Verdict::kAllow : Verdict::kDeny,
          .obligations = answer.action == Action::kAudit ? Obligation::kAudit : Obligation::kNone,
          .epoch = epoch,
          .policy = answer.document,
          .rule = answer.qualified_rule,
          .reason = answer.reason};
}

bool is_original(const yaml::Node& root) {
  if (root.kind != yaml::Node::Kind::kMapping || root.find("apiVersion") != nullptr) return false;
  const yaml::Node* rules = root.find("rules");
  if (rules == nullptr) return root.find("defaults") != nullptr || (root.find("version") && root.find("name"));
  return rules->kind == yaml::Node::Kind::kSequence &&
         std::ranges::all_of(rules->items, [](const yaml::Node& rule) { return rule.find("condition") != nullptr; });
}

}  // namespace agentos::policy::original
