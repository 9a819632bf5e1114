// Lists of forbidden texts that another spelling dodges, and lists of allowed beginnings that something else has too.
//
// Only comparisons of an argument's raw text are looked at: with the text functions of strings they stay raw, inside of
// any other function they count as canonical. Each finding was tried: it names a text that is caught and one that is
// not, though it is the same.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/regex/pattern.h"
#include "lib/policy/cel/ast.h"
#include "lib/policy/expression.h"
#include "lib/policy/tools/lint_checks.h"
#include "lib/policy/tools/pattern_example.h"
#include "lib/policy/tools/spelling.h"

namespace agentos::policy::tools {
namespace {

using Severity = Finding::Severity;

enum class How : std::uint8_t { kEquals, kStartsWith, kEndsWith, kContains, kMatches };
enum class Letters : std::uint8_t { kAsWritten, kLower, kUpper };

// One comparison of an argument's raw text with literals, any of which makes it true.
struct RawTest {
  std::string argument;
  How how = How::kEquals;
  Letters letters = Letters::kAsWritten;
  bool negated = false;
  std::vector<std::string> literals;
  std::string shown;

  bool holds(std::string text) const {
    for (char& c : text) {
      if (letters == Letters::kLower && c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
      if (letters == Letters::kUpper && c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    }
    return std::ranges::any_of(literals, [&](const std::string& literal) { return one_holds(text, literal); });
  }

 private:
  bool one_holds(const std::string& text, const std::string& literal) const {
    switch (how) {
      case How::kEquals:
        return text == literal;
      case How::kStartsWith:
        return text.starts_with(literal);
      case How::kEndsWith:
        return text.ends_with(literal);
      case How::kContains:
        return text.find(literal) != std::string::npos;
      case How::kMatches:
        break;
    }
    const auto pattern = regex::Pattern::compile(literal);
    return pattern && pattern->search(text);
  }
};

class Collector {
 public:
  Collector(const cel::Ast& ast, std::vector<RawTest>& out) : ast_(ast), out_(out) {}

  void walk(cel::NodeId id, bool negated) {
    const cel::Node& node = ast_[id];
    if (node.kind != cel::NodeKind::kCall) return;
    if (node.name == cel::operators::kNot) return walk(node.arguments[0], !negated);
    if (node.name == cel::operators::kAnd || node.name == cel::operators::kOr) {
      for (cel::NodeId argument : node.arguments) walk(argument, negated);
      return;
    }
    take(id, negated);
  }

 private:
  void take(cel::NodeId id, bool negated) {
    const cel::Node& node = ast_[id];
    std::vector<cel::NodeId> operands = node.arguments;
    if (node.operand != cel::kNoNode) operands.insert(operands.begin(), node.operand);
    if (operands.size() != 2) return;
    RawTest test;
    test.negated = negated;
    if (node.name == cel::operators::kEqual || node.name == cel::operators::kNotEqual) {
      if (ast_[operands[0]].kind == cel::NodeKind::kLiteral) std::swap(operands[0], operands[1]);
      if (node.name == cel::operators::kNotEqual) test.negated = !negated;
    } else if (node.name == "startsWith") {
      test.how = How::kStartsWith;
    } else if (node.name == "endsWith") {
      test.how = How::kEndsWith;
    } else if (node.name == "contains") {
      test.how = How::kContains;
    } else if (node.name == "matches") {
      test.how = How::kMatches;
    } else if (node.name != cel::operators::kIn) {
      return;
    }
    if (!raw_argument(operands[0], test) || !literals(operands[1], test)) return;
    test.shown = cel::to_text(ast_, id);
    out_.push_back(std::move(test));
  }

  // args.NAME, also through functions that only change letters or blanks.
  bool raw_argument(cel::NodeId id, RawTest& test) const {
    const cel::Node& node = ast_[id];
    if (node.kind == cel::NodeKind::kCall && node.operand != cel::kNoNode && node.arguments.empty()) {
      if (node.name == "lowerAscii") test.letters = Letters::kLower;
      if (node.name == "upperAscii") test.letters = Letters::kUpper;
      const bool textual = node.name == "lowerAscii" || node.name == "upperAscii" || node.name == "trim";
      return textual && raw_argument(node.operand, test);
    }
    if (node.kind != cel::NodeKind::kSelect || node.is_test) return false;
    const cel::Node& of = ast_[node.operand];
    if (of.kind != cel::NodeKind::kIdentifier || of.name != "args") return false;
    test.argument = node.name;
    return true;
  }

  bool literals(cel::NodeId id, RawTest& test) const {
    const cel::Node& node = ast_[id];
    if (node.kind == cel::NodeKind::kLiteral) {
      const auto* text = std::get_if<std::string>(&node.literal);
      if (text == nullptr) return false;
      test.literals.push_back(*text);
      return true;
    }
    if (node.kind != cel::NodeKind::kList) return false;
    return !node.entries.empty() &&
           std::ranges::all_of(node.entries, [&](const cel::Entry& entry) { return literals(entry.value, test); });
  }

  const cel::Ast& ast_;
  std::vector<RawTest>& out_;
};

std::vector<RawTest> raw_tests(const Rule& rule) {
  std::vector<RawTest> tests;
  for (const Condition& condition : rule.conditions) {
    if (condition.type != Condition::Type::kText) continue;
    const bool prefix = condition.op == Condition::Operator::kPrefix;
    tests.push_back({condition.argument, prefix ? How::kStartsWith : How::kEquals, Letters::kAsWritten, false,
                     condition.texts, fmt::format("{} of \"{}\"", operator_name(condition.op), condition.argument)});
  }
  if (rule.when == nullptr) return tests;
  if (const auto ast = cel::parse(rule.when->text())) Collector(*ast, tests).walk(ast->root(), false);
  return tests;
}

// A text the comparison is true of.
std::optional<std::string> caught(const RawTest& test, const std::string& literal) {
  const std::string base = test.how == How::kMatches ? example_of(literal) : literal;
  for (const std::string& text : {base, base + "/x", base + "x", "x" + base, "x" + base + "x", base + " x"}) {
    if (!text.empty() && test.holds(text)) return text;
  }
  return std::nullopt;
}

void check(LintContext& context, const LintRule& one, const RawTest& test, std::string_view key) {
  const Subject subject = subject_of(test.argument, test.literals);
  if (subject == Subject::kNone) return;
  const bool denies = one.rule->action == Verdict::kDeny;
  const std::string item = key == "arguments" ? test.argument : "";
  for (const std::string& literal : test.literals) {
    const auto text = caught(test, literal);
    if (!text) continue;
    if (denies != test.negated) {
      for (const std::string& other : same_spelled_otherwise(subject, *text)) {
        if (test.holds(other)) continue;
        context.add(Severity::kError, "dodge", one, key, item,
                    fmt::format("{} compares {} as text: it catches {} and not {}, which is the same", test.shown,
                                name_of(subject), json::write(json::Value(*text)), json::write(json::Value(other))),
                    std::string(mend(subject)));
        return;
      }
      continue;
    }
    if (test.how == How::kEquals) continue;
    for (const std::string& other : another_that_looks_alike(subject, *text)) {
      if (!test.holds(other)) continue;
      context.add(Severity::kError, "escape", one, key, item,
                  fmt::format("{} compares {} as text: it lets {} through as well as {}", test.shown, name_of(subject),
                              json::write(json::Value(other)), json::write(json::Value(*text))),
                  std::string(mend(subject)));
      return;
    }
  }
}

}  // namespace

void lint_spelling(LintContext& context) {
  for (const LintRule& one : context.rules()) {
    if (one.rule->limit >= 0) continue;
    const std::size_t comparisons = static_cast<std::size_t>(std::ranges::count_if(
        one.rule->conditions, [](const Condition& condition) { return condition.type == Condition::Type::kText; }));
    const std::vector<RawTest> tests = raw_tests(*one.rule);
    for (std::size_t i = 0; i < tests.size(); ++i) {
      check(context, one, tests[i], i < comparisons ? "arguments" : "when");
    }
  }
}

}  // namespace agentos::policy::tools
