// Names that nothing has: tools, arguments, and what a document declares and never uses.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/policy/expression.h"
#include "lib/policy/node_reader.h"
#include "lib/policy/tools/lint_checks.h"

namespace agentos::policy::tools {
namespace {

using Severity = Finding::Severity;

void check_tools(LintContext& context, const LintRule& one) {
  const Vocabulary& vocabulary = *context.set().vocabulary;
  if (!vocabulary.all_tools) return;
  std::vector<std::string_view> names;
  for (const Vocabulary::Tool& tool : vocabulary.tools) names.push_back(tool.name);
  for (const Glob& glob : one.rule->tools) {
    if (std::ranges::any_of(names, [&](std::string_view name) { return glob.matches(name); })) continue;
    context.add(Severity::kWarning, "unknown-tool", one, "tools", glob.pattern(),
                fmt::format("no tool has the name \"{}\", so this entry of rule {} matches nothing", glob.pattern(),
                            one.rule->name),
                glob.is_literal() ? suggest(glob.pattern(), names) : "register the tool, or leave the entry out");
  }
}

// Whether a call or tool the rule names may have the argument; true when that is not known.
bool may_have(const Vocabulary& vocabulary, const Rule& rule, const std::string& argument) {
  if (rule.any_call) return true;
  for (const Vocabulary::Call& call : vocabulary.calls) {
    if (!std::ranges::binary_search(rule.calls, call.number)) continue;
    if (!call.typed) return true;
    if (call.name != "exec") {
      if (std::ranges::find(call.arguments, argument, &abi::FieldInfo::name) != call.arguments.end()) return true;
      // Signals are decided with the resolved target.
      if (call.name == "signal" && argument == "target") return true;
      continue;
    }
    if (rule.tools.empty()) return true;
    for (const Glob& glob : rule.tools) {
      const auto tool = std::ranges::find(vocabulary.tools, glob.pattern(), &Vocabulary::Tool::name);
      if (!glob.is_literal() || tool == vocabulary.tools.end()) return true;
      const json::Value* properties = tool->input_schema.find("properties");
      const json::Value* additional = tool->input_schema.find("additionalProperties");
      const bool closed = additional != nullptr && additional->is_bool() && !additional->as_bool();
      if (!closed || properties == nullptr || properties->find(argument) != nullptr) return true;
    }
  }
  return false;
}

void check_arguments(LintContext& context, const LintRule& one) {
  for (const Condition& condition : one.rule->conditions) {
    if (may_have(*context.set().vocabulary, *one.rule, condition.argument)) continue;
    context.add(Severity::kError, "unknown-argument", one, "arguments", condition.argument,
                fmt::format("no call or tool of rule {} has an argument \"{}\", so it never applies", one.rule->name,
                            condition.argument),
                "agentos syscalls and docs/reference/man name the arguments of calls; a tool's schema those of tools");
  }
}

// Every text anywhere below a node.
void collect_texts(const yaml::Node& node, std::string& all) {
  if (node.kind == yaml::Node::Kind::kString) (all += node.text) += '\n';
  for (const yaml::Node& item : node.items) collect_texts(item, all);
  for (const yaml::Node::Entry& entry : node.entries) collect_texts(entry.value, all);
}

bool names(const yaml::Node* list, std::string_view name) {
  return list != nullptr && std::ranges::any_of(list->items, [&](const yaml::Node& item) { return item.text == name; });
}

bool used_by(const yaml::Node& spec, std::string_view name, std::initializer_list<const char*> keys) {
  for (const char* section : {"rules", "limits"}) {
    const yaml::Node* list = spec.find(section);
    if (list == nullptr) continue;
    for (const yaml::Node& rule : list->items) {
      for (const char* key : keys) {
        if (names(rule.find(key), name)) return true;
      }
    }
  }
  return false;
}

void check_unused(LintContext& context, const std::string& file, const yaml::Node& spec) {
  const auto report = [&](const yaml::Node::Entry& entry, const char* what) {
    context.add_at(Severity::kWarning, "unused", file, entry.mark,
                   fmt::format("{} \"{}\" is declared, and nothing uses it", what, entry.key), "leave it out");
  };
  if (const yaml::Node* windows = spec.find("windows")) {
    for (const yaml::Node::Entry& entry : windows->entries) {
      if (!used_by(spec, entry.key, {"during", "outside"})) report(entry, "window");
    }
  }
  if (const yaml::Node* sequences = spec.find("sequences")) {
    for (const yaml::Node::Entry& entry : sequences->entries) {
      if (!used_by(spec, entry.key, {"after", "not_after"})) report(entry, "sequence");
    }
  }
  const yaml::Node* tables = spec.find("tables");
  if (tables == nullptr) return;
  std::string texts;
  for (const yaml::Node::Entry& entry : spec.entries) {
    if (entry.key != "tables") collect_texts(entry.value, texts);
  }
  for (const yaml::Node::Entry& entry : tables->entries) {
    const bool used = texts.find("table." + entry.key) != std::string::npos ||
                      texts.find("table[\"" + entry.key) != std::string::npos ||
                      texts.find("table['" + entry.key) != std::string::npos;
    if (!used) report(entry, "table");
  }
}

}  // namespace

void lint_names(LintContext& context) {
  for (const LintRule& one : context.rules()) {
    check_tools(context, one);
    check_arguments(context, one);
  }
  for (const auto& [file, root] : context.roots()) {
    if (const yaml::Node* spec = root.find("spec")) check_unused(context, file, *spec);
  }
}

}  // namespace agentos::policy::tools
