// Walks over trees; nothing here decides anything.
#include "lib/policy/form_shown.h"

#include <algorithm>

#include "lib/policy/form_functions.h"
#include "lib/policy/glob.h"

namespace agentos::policy {
namespace {

using cel::Node;
using cel::NodeId;
using cel::NodeKind;

constexpr std::size_t kShownMax = 16;

bool is_matcher(std::string_view name) { return name == "host_matches" || name == "path_matches"; }

bool is_form_call(const Node& node) {
  return node.kind == NodeKind::kCall && node.operand == cel::kNoNode && is_form_function(node.name) &&
         !node.arguments.empty();
}

// The argument a form is made of: "args.NAME" gives NAME.
std::string argument_of(const cel::Ast& ast, const Node& call) {
  const auto path = cel::attribute_path(ast, call.arguments[0]);
  return path && path->variable == "args" && path->fields.size() == 1 ? path->fields[0] : std::string();
}

std::string path_example(std::string_view pattern) {
  const auto glob = Glob::compile(pattern, Glob::Style::kPath);
  return glob ? glob->example() : std::string(pattern);
}

// A text whose `form` has the value `wanted` in `field`.
std::string example_of(std::string_view form, std::string_view field, const std::string& wanted) {
  if (form == "url" && field == "host") return "https://" + wanted + "/";
  if (form == "url" && field == "scheme") return wanted + "://example.com/";
  if (form == "sql" && field == "statements") return wanted == "select" ? "select 1" : wanted;
  if (form == "sql") return "select * from " + wanted;
  return wanted;
}

}  // namespace

std::string host_example(std::string_view pattern) {
  if (pattern.starts_with("*.")) return "www" + std::string(pattern.substr(1));
  return std::string(pattern.substr(0, pattern.find('/')));
}

std::vector<std::string> forms_shown(const cel::Ast& ast) {
  std::vector<std::string> shown;
  const auto show = [&](std::string text) {
    if (shown.size() < kShownMax && std::ranges::find(shown, text) == shown.end()) shown.push_back(std::move(text));
  };
  for (NodeId id = 0; id < ast.size(); ++id) {
    const Node& node = ast[id];
    if (node.kind == NodeKind::kSelect && !node.is_test && is_form_call(ast[node.operand])) show(cel::to_text(ast, id));
    if (!is_form_call(node)) continue;
    if (node.name == "hazards") show(cel::to_text(ast, id));
    if (!is_matcher(node.name)) continue;
    const std::string of = cel::to_text(ast, node.arguments[0]);
    const bool is_text = !is_form_call(ast[node.arguments[0]]);
    const std::string form = node.name == "host_matches" ? "host" : "path";
    show(is_text ? form + "(" + of + ").text" : of + (ast[node.arguments[0]].name == "url" ? ".host" : ".text"));
  }
  return shown;
}

void add_form_candidates(const cel::Ast& ast, NodeId node, std::string_view function,
                         const std::vector<json::Value>& values,
                         std::vector<std::pair<std::string, json::Value>>& found) {
  const Node& operand = ast[node];
  const auto add = [&](const Node& call, std::string_view field) {
    const std::string argument = argument_of(ast, call);
    if (argument.empty()) return;
    for (const json::Value& value : values) {
      if (value.is_string()) found.emplace_back(argument, example_of(call.name, field, value.as_string()));
    }
  };
  if (operand.kind == NodeKind::kSelect && is_form_call(ast[operand.operand])) {
    add(ast[operand.operand], operand.name);
    return;
  }
  if (!is_matcher(function)) return;
  const auto path = cel::attribute_path(ast, node);
  for (const json::Value& value : values) {
    if (!value.is_string()) continue;
    const std::string text =
        function == "host_matches" ? host_example(value.as_string()) : path_example(value.as_string());
    if (is_form_call(operand)) {
      const std::string argument = argument_of(ast, operand);
      if (!argument.empty()) found.emplace_back(argument, example_of(operand.name, "host", text));
    } else if (path && path->variable == "args" && path->fields.size() == 1) {
      found.emplace_back(path->fields[0], text);
    }
  }
}

}  // namespace agentos::policy
