// PolicyDocument 1.0: the rules of all documents in the order they decide, each with a priority of its own, so that the
// first that matches decides here, too.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/yaml/document.h"
#include "lib/policy/glob.h"
#include "lib/policy/import/document_text.h"
#include "lib/policy/import/import.h"
#include "lib/policy/import/original_condition.h"
#include "lib/policy/limits.h"
#include "lib/policy/original/document.h"

namespace agentos::policy::importing {
namespace {

using original::Action;
using original::Operator;

// Calls that the original has no word for: the caller looks at itself, waits, or ends.
const std::vector<std::string> kOwnAffairs = {"exit",      "wait",        "close", "sigaction", "sigprocmask",
                                              "getpolicy", "checkpolicy", "tools", "status",    "hello"};
constexpr std::string_view kEvaluationError = "Policy evaluation error \xe2\x80\x94 access denied (fail closed)";
constexpr std::string_view kNoRuleMatched = "No rules matched; default action applied";

struct OriginalRule {
  original::Rule rule;
  std::string file;
  std::size_t number = 0;  // in its document, from 1
  std::size_t order = 0;   // as loaded
  std::string from() const { return fmt::format("{}: rule {} {}", file, number, quoted(rule.name)); }
};

// What a field is in calls of tools, in all other calls, or in both.
enum class About : std::uint8_t { kTools, kOtherCalls, kAnyCall };
struct FieldMeaning {
  About about = About::kAnyCall;
  Subject subject = {};
};

bool is_identifier(std::string_view name) {
  constexpr auto kReserved = std::to_array<std::string_view>(
      {"as",  "break", "const",   "continue", "else",      "false", "for",  "function", "if",   "import", "in",
       "let", "loop",  "package", "return",   "namespace", "null",  "true", "var",      "void", "while"});
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); }) &&
         std::ranges::find(kReserved, name) == kReserved.end();
}

Subject argument(std::string_view name) {
  if (is_identifier(name)) {
    return {.value = fmt::format("args.{}", name), .present = fmt::format("has(args.{})", name), .may_be_null = true};
  }
  const std::string key = literal_text(name);
  return {.value = fmt::format("args[{}]", key), .present = fmt::format("{} in args", key), .may_be_null = true};
}

// As the kernel gives them to documents of the original (original_set.cc).
std::vector<FieldMeaning> meanings_of(const std::string& field, Fields fields) {
  const auto always = [](const char* value) { return Subject{.value = value, .is_text = true}; };
  if (fields == Fields::kOfArguments) return {{About::kTools, argument(field)}};
  if (field == "tool_name") return {{About::kTools, always("tool.name")}, {About::kOtherCalls, always("call.name")}};
  if (field == "call") return {{About::kAnyCall, always("call.name")}};
  if (field == "agent_id") return {{About::kAnyCall, always("agent.id")}};
  if (field == "agent_name") return {{About::kAnyCall, always("agent.name")}};
  if (field == "ring") return {{About::kAnyCall, {.value = "dyn(agent.ring)"}}};
  if (field == "path" || field == "path_to" || field == "target") {
    const std::string known = "call." + field;
    return {{About::kTools, argument(field)},
            {About::kOtherCalls, {.value = known, .present = fmt::format("has({})", known), .is_text = true}}};
  }
  return {{About::kAnyCall, argument(field)}};
}

// Whether a clause can hold the name as it is: as a glob that matches nothing else.
bool is_plain_name(const std::string& name) {
  const auto glob = Glob::compile(name, Glob::Style::kName);
  return glob && glob->is_literal();
}

// The strings of eq and in, when a clause can hold them all.
std::vector<std::string> plain_names(const original::Rule& rule) {
  std::vector<std::string> names;
  const auto add = [&](const json::Value& value) {
    if (value.is_string()) names.push_back(value.as_string());
  };
  if (rule.comparison == Operator::kEqual) add(rule.value);
  if (rule.comparison == Operator::kIn && rule.value.is_array()) {
    for (const json::Value& item : rule.value.as_array()) add(item);
  }
  const bool plain = names.size() <= kPatternsMax && std::ranges::all_of(names, is_plain_name);
  return plain ? names : std::vector<std::string>{};
}

std::string_view plain_action(Action action) {
  return action == Action::kAllow || action == Action::kAudit ? "allow" : "deny";
}

class OriginalImport {
 public:
  OriginalImport(const Options& options) : options_(options), vocabulary_(table_vocabulary()) {}

  Status read(const Source& source) {
    original::Document document = TRY(original::read_document(source.text, source.file));
    if (files_++ == 0) {
      default_action_ = document.default_action;
      text_.name = names_of_documents_.take(options_.name.empty() ? document.name : options_.name, "imported");
      if (!is_cut(document.description)) text_.summary = document.description;
    }
    std::size_t number = 0;
    for (original::Rule& rule : document.rules)
      rules_.push_back({std::move(rule), source.file, ++number, rules_.size()});
    remark_on(source);
    return {};
  }

  Result<Imported> write() {
    if (rules_.size() > original::kRulesMax / 2) {
      return fail(ErrorCode::kTooLarge, fmt::format("{} rules", rules_.size()),
                  fmt::format("at most {}: a rule can become two", original::kRulesMax / 2));
    }
    std::ranges::sort(rules_, [](const OriginalRule& a, const OriginalRule& b) {
      return a.rule.priority != b.rule.priority ? a.rule.priority > b.rule.priority : a.order < b.order;
    });
    priority_ = static_cast<std::int64_t>(rules_.size()) * 2 + 1;
    text_.comment =
        "Imported from PolicyDocument 1.0. The first rule that matches decides, so each has a priority of its own.\n"
        "A comparison that the original refuses is an error here, which denies as it does there.";
    text_.combining = "priority_first_match";
    if (options_.fields == Fields::kOfCalls) write_own_affairs();
    for (const OriginalRule& one : rules_) TRY(write_rule(one));
    write_default();
    imported_.policy = TRY(write_policy(text_, vocabulary_));
    return std::move(imported_);
  }

 private:
  void remark(Loss loss, std::string where, std::string what, std::string reason) {
    imported_.remarks.push_back({loss, std::move(where), std::move(what), std::move(reason)});
  }

  // Keys that the original's evaluator reads and never looks at.
  void remark_on(const Source& source) {
    const auto root = yaml::parse(source.text, source.file);
    const yaml::Node* defaults = root ? root->find("defaults") : nullptr;
    if (defaults == nullptr) return;
    for (const yaml::Node::Entry& entry : defaults->entries) {
      const bool number = entry.key == "max_tokens" || entry.key == "max_tool_calls";
      if (!number && entry.key != "confidence_threshold") continue;
      remark(Loss::kElsewhere, fmt::format("{}:{}:{}", source.file, entry.mark.line, entry.mark.column),
             "defaults." + entry.key,
             number
                 ? "the original's evaluator does not look at it; a limit in spec.limits, or agentos run --tokens and "
                   "--calls, holds"
                 : "the original's evaluator does not look at it, and what a model says of itself decides nothing");
    }
  }

  RuleText& add_rule(std::string_view comment, std::string_view wanted, std::string_view otherwise) {
    text_.rules.push_back({.comment = std::string(comment), .name = names_.take(wanted, otherwise)});
    return text_.rules.back();
  }

  void write_own_affairs() {
    RuleText& rule =
        add_rule("Not the original's: these touch nothing but their caller.", "own-affairs", "own-affairs");
    rule.texts("syscalls", kOwnAffairs);
    rule.text("action", "allow");
    rule.number("priority", priority_--);
  }

  void write_default() {
    RuleText& rule = add_rule(fmt::format("Where no rule matches: defaults.action of the first document, {}.",
                                          original::action_name(default_action_)),
                              "default", "default");
    scope(rule, options_.fields == Fields::kOfArguments ? About::kTools : About::kAnyCall);
    finish(rule, default_action_, kNoRuleMatched, 0);
    imported_.carried.push_back({"default", rule.name});
  }

  static void scope(RuleText& rule, About about) {
    if (about == About::kTools) {
      rule.texts("syscalls", {"exec"});
    } else {
      rule.texts("syscalls", {"*"});
    }
  }

  static void finish(RuleText& rule, Action action, std::string_view reason, std::int64_t priority) {
    rule.text("action", plain_action(action));
    if (priority != 0) rule.number("priority", priority);
    if (action == Action::kAudit) rule.texts("obligations", {"audit"});
    if (plain_action(action) == "deny") rule.sentence("message", reason);
  }

  Status write_rule(const OriginalRule& one) {
    const auto meanings = meanings_of(one.rule.field, options_.fields);
    for (const FieldMeaning& meaning : meanings) TRY(write_part(one, meaning));
    if (is_cut(one.rule.message)) {
      remark(Loss::kDiffers, one.from(), "message", fmt::format("cut to {} octets", kSentenceBytesMax));
    }
    if (one.rule.action == Action::kBlock) {
      remark(Loss::kDiffers, one.from(), "action: block",
             "it is deny here; add the obligation kill where the agent should end");
    }
    return {};
  }

  Status write_part(const OriginalRule& one, const FieldMeaning& meaning) {
    const bool by_name = one.rule.field == "tool_name" && options_.fields == Fields::kOfCalls;
    std::vector<std::string> names = by_name ? plain_names(one.rule) : std::vector<std::string>{};
    if (by_name && meaning.about == About::kOtherCalls && !names.empty()) {
      std::erase_if(names, [&](const std::string& name) { return name == "exec" || !is_call(name); });
      if (names.empty()) return {};  // no call is called so
    }
    RuleText rule{.comment = one.from()};
    bool raises = false;
    if (!names.empty()) {
      if (meaning.about == About::kTools) {
        rule.texts("syscalls", {"exec"});
        rule.texts("tools", names);
      } else {
        rule.texts("syscalls", names);
      }
    } else {
      scope(rule, meaning.about);
      const auto condition = condition_of(one.rule, meaning.subject);
      raises = write_condition(one, meaning, condition, rule);
    }
    const std::int64_t priority = priority_--;
    if (raises) {
      rule.text("action", "deny");
      rule.number("priority", priority);
      rule.text("message", kEvaluationError);
    } else {
      finish(rule, one.rule.action,
             one.rule.message.empty() ? fmt::format("Matched rule '{}'", one.rule.name) : one.rule.message, priority);
    }
    rule.name = names_.take(one.rule.name + (meaning.about == About::kOtherCalls ? "-calls" : ""), "rule");
    imported_.carried.push_back({one.from(), rule.name});
    text_.rules.push_back(std::move(rule));
    return {};
  }

  // Whether the rule denies whatever its action is.
  bool write_condition(const OriginalRule& one, const FieldMeaning& meaning, const Result<Condition>& condition,
                       RuleText& rule) {
    const bool others = meaning.about == About::kOtherCalls;
    const auto when = [&](std::string text) {
      if (others) text = text.empty() ? "call.name != \"exec\"" : "call.name != \"exec\" && (" + text + ")";
      if (!text.empty()) rule.text("when", text);
    };
    std::string problem = condition ? std::string() : condition.error().message + ": " + condition.error().hint;
    if (condition) {
      RuleText tried = rule;
      std::swap(rule, tried);
      when(condition->when);
      RuleText checked = rule;
      checked.name = "rule";
      checked.text("action", "deny");
      problem = problem_with(checked, vocabulary_);
      if (problem.empty()) {
        if (condition->raises) {
          remark(Loss::kDiffers, one.from(), "condition",
                 "the original refuses this comparison and denies every request that reaches it; so does this rule");
        } else if (!condition->differs.empty() && !others) {
          remark(Loss::kDiffers, one.from(), "condition", condition->differs);
        }
        return condition->raises;
      }
      rule = std::move(tried);
    }
    // It cannot be said here, and the rules behind it would decide what it decided: so nothing that has the field
    // passes.
    when(meaning.subject.present);
    remark(Loss::kLost, one.from(), "condition",
           problem + "; in its place every request that reaches it with this field is denied");
    return true;
  }

  bool is_call(std::string_view name) const {
    return std::ranges::any_of(vocabulary_.calls, [&](const Vocabulary::Call& call) { return call.name == name; });
  }

  const Options& options_;
  const Vocabulary vocabulary_;
  Imported imported_;
  DocumentText text_;
  Names names_, names_of_documents_;
  std::vector<OriginalRule> rules_;
  Action default_action_ = Action::kAllow;
  std::size_t files_ = 0;
  std::int64_t priority_ = 0;
};

}  // namespace

Result<Imported> import_original(std::span<const Source> sources, const Options& options) {
  if (sources.empty()) return fail(ErrorCode::kInvalidArgument, "no document", "name one");
  TRY(original::Documents::compile(sources));  // what it refuses, we refuse with the same words
  OriginalImport reading(options);
  for (const Source& source : sources) TRY(reading.read(source));
  return reading.write();
}

}  // namespace agentos::policy::importing
