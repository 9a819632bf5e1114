// Works on the tree: chains of selections that are a variable of the gateway are exchanged for the tree of ours.
#include "lib/policy/import/gateway_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "lib/policy/cel/ast.h"
#include "lib/policy/cel/environment.h"
#include "lib/policy/limits.h"

namespace agentos::policy::importing {
namespace {

using cel::Ast;
using cel::kNoNode;
using cel::Node;
using cel::NodeId;
using cel::NodeKind;

// Variables with an equal of ours.
const std::map<std::string, std::string>& known_meanings() {
  static const std::map<std::string, std::string> known = {
      {"mcp.tool.name", "tool.name"}, {"mcp.tool.target", "tool.server"}, {"mcp.tool.arguments", "args"}};
  return known;
}

// Why a variable has none, by its first names.
constexpr std::pair<std::string_view, std::string_view> kForeign[] = {
    {"mcp.prompt", "prompts of MCP servers are no calls here"},
    {"mcp.resource", "resources of MCP servers are no calls here"},
    {"mcp.task", "tasks of MCP servers are no calls here"},
    {"mcp.tool.result", "results are decided by rules of the phase result"},
    {"mcp.tool.error", "results are decided by rules of the phase result"},
    {"mcp", "only the call of a tool is decided"},
    {"jwt", "callers are known by their connection, not by a token"},
    {"apiKey", "callers are known by their connection, not by a key"},
    {"basicAuth", "callers are known by their connection, not by a password"},
    {"request", "a call of a tool reaches the kernel without an HTTP request around it"},
    {"response", "a call of a tool reaches the kernel without an HTTP request around it"},
    {"source", "callers are known by their connection, not by an address or certificate"},
    {"destination", "the kernel has no listeners"},
    {"llm", "calls of models are not decided by rules on tools"},
    {"llmRequest", "calls of models are not decided by rules on tools"},
    {"backend", "tools have no backends"},
    {"proxy", "the kernel has no routes"},
    {"env", "a kernel knows nothing of pods"},
    {"extauthz", "no other service decides"},
    {"extproc", "no other service decides"}};

std::string_view why_foreign(std::string_view variable) {
  std::string_view why;
  std::size_t longest = 0;
  for (const auto& [name, reason] : kForeign) {
    const bool below = variable == name || (variable.starts_with(name) && variable[name.size()] == '.');
    if (below && name.size() >= longest) std::tie(why, longest) = std::pair(reason, name.size());
  }
  return why;
}

std::string at(const cel::Position& position) { return fmt::format("{}:{}", position.line, position.column); }

class Translation {
 public:
  Translation(Ast ast, const std::map<std::string, std::string>& meanings) : ast_(std::move(ast)), meanings_(meanings) {
    for (const auto& [variable, meaning] : known_meanings()) meanings_.emplace(variable, meaning);
    behind_.resize(ast_.size());
    for (NodeId id = 0; id < ast_.size(); ++id) {
      if (const auto before = link(id)) behind_[before->first].push_back(id);
      const auto& loop = ast_[id].comprehension;
      if (!loop) continue;
      for (const std::string& name : {loop->variable, loop->second_variable, loop->accumulator}) bound_.insert(name);
    }
  }

  Result<Ast> run() {
    const auto nodes = static_cast<NodeId>(ast_.size());
    for (NodeId id = 0; id < nodes; ++id) {
      TRY(look_at(id));
    }
    for (const auto& [id, meaning] : exchanges_) TRY(exchange(id, meaning));
    return std::move(ast_);
  }

 private:
  // Of a selection or literal index the node before it and the name behind it.
  std::optional<std::pair<NodeId, std::string>> link(NodeId id) const {
    const Node& node = ast_[id];
    if (node.kind == NodeKind::kSelect) return std::pair(node.operand, node.name);
    if (node.kind != NodeKind::kCall || node.name != cel::operators::kIndex) return std::nullopt;
    const Node& index = ast_[node.arguments[1]];
    const auto* key = index.kind == NodeKind::kLiteral ? std::get_if<std::string>(&index.literal) : nullptr;
    if (key == nullptr) return std::nullopt;
    return std::pair(node.arguments[0], *key);
  }

  // The largest chain an identifier is in, and the part of it that has a meaning.
  Status look_at(NodeId id) {
    const Node& node = ast_[id];
    if (node.kind == NodeKind::kCall) return look_at_function(node);
    if (node.kind == NodeKind::kStruct) {
      return fail(ErrorCode::kUnsupported, at(node.position) + ": messages cannot be made in a rule");
    }
    if (node.kind != NodeKind::kIdentifier || bound_.contains(node.name)) return {};
    const std::string first = node.name.starts_with('.') ? node.name.substr(1) : node.name;
    bool found = false;
    std::string largest;
    std::vector<std::pair<NodeId, std::string>> chains{{id, first}};
    for (std::size_t next = 0; next < chains.size(); ++next) {
      const auto [outer, name] = chains[next];
      // A call of a tool is about a tool.
      const bool of_a_tool = name == "mcp.tool" && ast_[outer].is_test;
      if (of_a_tool || meanings_.contains(name)) {
        exchanges_.emplace_back(outer, of_a_tool ? "true" : meanings_.at(name));
        found = true;
      }
      if (name.size() > largest.size()) largest = name;
      for (const NodeId behind : behind_[outer]) chains.emplace_back(behind, name + "." + link(behind)->second);
    }
    if (found) return {};
    const std::string_view why = why_foreign(largest);
    return fail(ErrorCode::kUnsupported,
                why.empty() ? fmt::format("{}: the gateway's variable {} has no equal here", at(node.position), largest)
                            : fmt::format("{}: {} has no equal here: {}", at(node.position), largest, why),
                fmt::format("say what it is here: --map '{}=agent.name'", largest));
  }

  Status look_at_function(const Node& node) const {
    static const cel::Environment language;
    const bool symbol = node.name.empty() || node.name[0] == '_' || node.name[0] == '@' || node.name.ends_with('_');
    if (symbol || language.find_function(node.name) != nullptr) return {};
    // math.abs(x): the receiver is the first part of the name.
    if (node.operand != kNoNode && ast_[node.operand].kind == NodeKind::kIdentifier &&
        language.find_function(ast_[node.operand].name + "." + node.name) != nullptr) {
      return {};
    }
    if (is_macro(node.name)) return {};
    return fail(ErrorCode::kUnsupported,
                fmt::format("{}: the gateway's function {}() does not exist here", at(node.position), node.name));
  }

  static bool is_macro(std::string_view name) {
    constexpr std::string_view kMacros[] = {"has",  "all",    "exists",        "exists_one",   "existsOne",
                                            "map",  "filter", "transformList", "transformMap", "transformMapEntry",
                                            "bind", "cel"};
    return std::ranges::find(kMacros, name) != std::end(kMacros);
  }

  Status exchange(NodeId id, const std::string& meaning) {
    const auto parsed = cel::parse(meaning);
    if (!parsed) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("\"{}\" is no expression: {}", meaning, parsed.error().front().to_string()));
    }
    const bool test = ast_[id].is_test;
    const cel::Position position = ast_[id].position;
    Node node = (*parsed)[parsed->root()];
    if (test && node.kind != NodeKind::kSelect) {
      node = Node{.kind = NodeKind::kLiteral, .literal = true};  // has(args): it is always there
    }
    graft(*parsed, node);
    node.is_test = test && node.kind == NodeKind::kSelect;
    node.position = position;
    node.macro_call = kNoNode;
    ast_[id] = std::move(node);
    return {};
  }

  // Copies what `node`, of another tree, refers to.
  void graft(const Ast& from, Node& node) {
    const auto copy = [&](NodeId& id) {
      if (id == kNoNode) return;
      Node inner = from[id];
      graft(from, inner);
      id = ast_.add(std::move(inner));
    };
    copy(node.operand);
    for (NodeId& argument : node.arguments) copy(argument);
    for (cel::Entry& entry : node.entries) {
      copy(entry.key);
      copy(entry.value);
    }
    if (node.comprehension) {
      for (NodeId* id : {&node.comprehension->range, &node.comprehension->initial, &node.comprehension->condition,
                         &node.comprehension->step, &node.comprehension->result}) {
        copy(*id);
      }
    }
    if (node.macro_call != kNoNode) copy(node.macro_call);
  }

  Ast ast_;
  std::map<std::string, std::string> meanings_;
  std::set<std::string> bound_;              // variables of loops
  std::vector<std::vector<NodeId>> behind_;  // of each node the selections from it
  std::vector<std::pair<NodeId, std::string>> exchanges_;
};

// What may be absent, and the guard that says it is not.
class Guards {
 public:
  explicit Guards(const Ast& ast) : ast_(ast) {}

  // `id` with an error taken for false, when `positive`, else for true.
  std::string text_of(NodeId id, bool positive) const {
    const Node& node = ast_[id];
    const bool plain = node.kind == NodeKind::kCall && node.macro_call == kNoNode;
    if (plain && (node.name == cel::operators::kAnd || node.name == cel::operators::kOr)) {
      return fmt::format("({}) {} ({})", text_of(node.arguments[0], positive),
                         node.name == cel::operators::kAnd ? "&&" : "||", text_of(node.arguments[1], positive));
    }
    if (plain && node.name == cel::operators::kNot) return "!(" + text_of(node.arguments[0], !positive) + ")";
    std::vector<std::string> guards;
    collect(id, guards);
    std::string text = to_text(ast_, id);
    if (guards.empty()) return text;
    std::string all;
    for (const std::string& guard : guards) all += (all.empty() ? "" : " && ") + guard;
    return positive ? fmt::format("{} && ({})", all, text) : fmt::format("!({}) || ({})", all, text);
  }

 private:
  static bool may_be_absent(const Ast& ast, const Node& select) {
    const Node& operand = ast[select.operand];
    if (operand.kind != NodeKind::kIdentifier) return begins_with_args(ast, select.operand);
    if (operand.name == "args") return true;
    if (operand.name == "tool") return select.name != "name";
    if (operand.name == "call") return select.name.starts_with("path") || select.name.starts_with("target");
    return operand.name == "agent" && (select.name == "parent" || select.name == "budget" || select.name == "trust");
  }
  static bool begins_with_args(const Ast& ast, NodeId id) {
    while (ast[id].kind == NodeKind::kSelect) id = ast[id].operand;
    return ast[id].kind == NodeKind::kIdentifier && ast[id].name == "args";
  }

  void collect(NodeId id, std::vector<std::string>& guards) const {
    if (id == kNoNode) return;
    const Node& node = ast_[id];
    collect(node.operand, guards);
    for (const NodeId argument : node.arguments) collect(argument, guards);
    for (const cel::Entry& entry : node.entries) {
      collect(entry.key, guards);
      collect(entry.value, guards);
    }
    if (node.comprehension) collect(node.comprehension->range, guards);
    if (node.kind == NodeKind::kSelect && !node.is_test && may_be_absent(ast_, node)) {
      add("has(" + to_text(ast_, id) + ")", guards);
    }
    const bool index = node.kind == NodeKind::kCall && node.name == cel::operators::kIndex;
    if (index && begins_with_args(ast_, node.arguments[0]) && ast_[node.arguments[1]].kind == NodeKind::kLiteral &&
        std::holds_alternative<std::string>(ast_[node.arguments[1]].literal)) {
      add(fmt::format("{} in {}", to_text(ast_, node.arguments[1]), to_text(ast_, node.arguments[0])), guards);
    }
  }
  static void add(std::string guard, std::vector<std::string>& guards) {
    if (std::ranges::find(guards, guard) == guards.end()) guards.push_back(std::move(guard));
  }

  const Ast& ast_;
};

bool is_tool_name(const Ast& ast, NodeId id) {
  const Node& node = ast[id];
  return node.kind == NodeKind::kSelect && !node.is_test && node.name == "name" &&
         ast[node.operand].kind == NodeKind::kIdentifier && ast[node.operand].name == "tool";
}

// The names of `tool.name == "x"` or `tool.name in ["x", "y"]`; empty when it is something else, or globs would be.
std::vector<std::string> names_in(const Ast& ast, NodeId id) {
  const Node& node = ast[id];
  std::vector<std::string> names;
  if (node.kind != NodeKind::kCall || node.arguments.size() != 2 || node.macro_call != kNoNode) return names;
  const auto add = [&](NodeId one) {
    const auto* text = ast[one].kind == NodeKind::kLiteral ? std::get_if<std::string>(&ast[one].literal) : nullptr;
    const bool plain = text != nullptr && !text->empty() && text->size() <= kPatternBytesMax &&
                       text->find_first_of("*?[]{}\\!") == std::string::npos;
    if (plain) names.push_back(*text);
    return plain;
  };
  if (node.name == cel::operators::kEqual) {
    const bool first = is_tool_name(ast, node.arguments[0]);
    if (first || is_tool_name(ast, node.arguments[1])) add(node.arguments[first ? 1 : 0]);
  } else if (node.name == cel::operators::kIn && is_tool_name(ast, node.arguments[0])) {
    const Node& list = ast[node.arguments[1]];
    if (list.kind != NodeKind::kList || list.entries.size() > kPatternsMax) return names;
    for (const cel::Entry& entry : list.entries) {
      if (entry.optional || !add(entry.value)) return {};
    }
  }
  return names;
}

// The parts that && joins.
void conjuncts_of(const Ast& ast, NodeId id, std::vector<NodeId>& parts) {
  const Node& node = ast[id];
  if (node.kind == NodeKind::kCall && node.name == cel::operators::kAnd && node.macro_call == kNoNode) {
    for (const NodeId argument : node.arguments) conjuncts_of(ast, argument, parts);
  } else {
    parts.push_back(id);
  }
}

Result<Ast> translated(std::string_view text, const std::map<std::string, std::string>& meanings) {
  if (text.size() > kExpressionBytesMax) {
    return fail(ErrorCode::kTooLarge, fmt::format("an expression of {} octets", text.size()),
                fmt::format("at most {}", kExpressionBytesMax));
  }
  auto parsed = cel::parse(text);
  if (!parsed) return fail(ErrorCode::kMalformed, parsed.error().front().to_string());
  return Translation(std::move(*parsed), meanings).run();
}

// The same with no more parentheses than needed.
std::string tidy(const std::string& text) {
  const auto parsed = cel::parse(text);
  return parsed ? cel::to_text(*parsed) : text;
}

}  // namespace

Result<GatewayExpression> translate(std::string_view text, const std::map<std::string, std::string>& meanings) {
  const Ast ast = TRY(translated(text, meanings));
  std::vector<NodeId> parts;
  conjuncts_of(ast, ast.root(), parts);
  GatewayExpression made;
  const Guards guards(ast);
  std::string rest;
  for (const NodeId part : parts) {
    if (made.tools.empty()) made.tools = names_in(ast, part);
    if (!made.tools.empty() && made.tools == names_in(ast, part)) continue;
    const Node& node = ast[part];
    if (node.kind == NodeKind::kLiteral && std::holds_alternative<bool>(node.literal) && std::get<bool>(node.literal)) {
      continue;
    }
    rest += (rest.empty() ? "(" : " && (") + guards.text_of(part, true) + ")";
  }
  made.when = rest.empty() ? rest : tidy(rest);
  return made;
}

Result<std::string> translate_strictly(std::string_view text, const std::map<std::string, std::string>& meanings) {
  return cel::to_text(TRY(translated(text, meanings)));
}

}  // namespace agentos::policy::importing
