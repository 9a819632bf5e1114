// Finding the text of each rule, running the checks, and putting findings in order.
#include "lib/policy/tools/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "lib/policy/limits.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/lint_checks.h"
#include "lib/policy/tools/rule_clauses.h"

namespace agentos::policy::tools {
namespace {

std::string file_of(const Rule& rule) {
  const std::string position = fmt::format(":{}:{}", rule.mark.line, rule.mark.column);
  return rule.place.ends_with(position) ? rule.place.substr(0, rule.place.size() - position.size()) : rule.place;
}

const yaml::Node* node_at(const yaml::Node& root, yaml::Mark mark) {
  const yaml::Node* spec = root.find("spec");
  if (spec == nullptr) return nullptr;
  for (const char* key : {"rules", "limits"}) {
    const yaml::Node* list = spec->find(key);
    if (list == nullptr) continue;
    for (const yaml::Node& item : list->items) {
      if (item.mark.line == mark.line && item.mark.column == mark.column) return &item;
    }
  }
  return nullptr;
}

}  // namespace

LintContext::LintContext(const PolicySet& set, std::vector<Finding>& out) : set_(set), out_(out) {
  for (const Source& source : set.sources) {
    auto root = yaml::parse(source.text, source.file, {.bytes_max = kDocumentBytesMax});
    if (root) roots_.emplace_back(source.file, std::move(*root));
  }
  each_rule(*set.program, [&](const Rule& rule, const Engine& engine) {
    LintRule one{&rule, &engine, &engine.documents()[rule.document], nullptr, file_of(rule)};
    for (const auto& [file, root] : roots_) {
      if (file == one.file && one.node == nullptr) one.node = node_at(root, rule.mark);
    }
    rules_.push_back(std::move(one));
  });
}

void LintContext::add_at(Finding::Severity severity, std::string_view code, const std::string& file, yaml::Mark mark,
                         std::string message, std::string fix) {
  if (out_.size() >= kFindingsMax) return;
  Finding finding{severity, std::string(code), file, mark, std::move(message), std::move(fix)};
  if (std::ranges::find(out_, finding) == out_.end()) out_.push_back(std::move(finding));
}

void LintContext::add(Finding::Severity severity, std::string_view code, const LintRule& at, std::string_view key,
                      std::string_view item, std::string message, std::string fix) {
  if (at.node == nullptr) return;
  yaml::Mark mark = at.node->mark;
  const yaml::Node* value = key.empty() ? nullptr : at.node->find(key);
  if (value != nullptr) {
    mark = value->mark;
    for (const yaml::Node& entry : value->items) {
      if (!item.empty() && entry.text == item) mark = entry.mark;
    }
    for (const yaml::Node::Entry& entry : value->entries) {
      if (!item.empty() && entry.key == item) mark = entry.mark;
    }
  }
  add_at(severity, code, at.file, mark, std::move(message), std::move(fix));
}

std::vector<Finding> lint(const PolicySet& set) {
  std::vector<Finding> findings;
  LintContext context(set, findings);
  lint_names(context);
  lint_conditions(context);
  lint_order(context);
  lint_spelling(context);
  std::ranges::sort(findings, {}, [](const Finding& one) {
    return std::tuple(one.file, one.mark.line, one.mark.column, one.code, one.message);
  });
  return findings;
}

}  // namespace agentos::policy::tools
