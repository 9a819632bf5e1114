// The tree of an expression: nodes in one array, referred to by index, children before their parents' use of them.
//
// parse() makes it with macros expanded; check() adds types, slots and overloads. It is public so that others can read
// expressions: take equalities out for an index, explain clauses, look for rules that cannot match.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "lib/policy/cel/limits.h"
#include "lib/policy/cel/type.h"

namespace agentos::cel {

class Environment;

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};

struct Position {
  std::uint32_t offset = 0;  // bytes from the start
  std::uint32_t line = 1;
  std::uint32_t column = 1;  // in code points
};

// Something wrong with an expression. The caller adds where the expression stands.
struct Issue {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::string message;            // one sentence, no trailing period
  std::string hint;               // how to mend it: "did you mean 'agent'?"; may be empty
  std::string to_string() const;  // "1:5: unknown variable 'agnet'; did you mean 'agent'?"
};

struct Null {
  bool operator==(const Null&) const = default;
};
using Literal = std::variant<Null, bool, std::int64_t, std::uint64_t, double, std::string, Bytes>;

enum class NodeKind : std::uint8_t {
  kLiteral,        // literal
  kIdentifier,     // name; slot after checking
  kSelect,         // operand.name, or has(operand.name) when it is a test; field after checking
  kCall,           // name(arguments), or operand.name(arguments); operators are calls: see operators below
  kList,           // entries: value
  kMap,            // entries: key, value
  kStruct,         // name{entries: field, value}
  kComprehension,  // comprehension
};

// Names of the operators as functions: _&&_ _||_ !_ -_ _+_ _-_ _*_ _/_ _%_ _==_ _!=_ _<_ _<=_ _>_ _>=_ @in _?_:_ _[_]
// _[?_] (optional index) and _?._ (optional select; arguments: operand, literal field name).
namespace operators {
inline constexpr std::string_view kAnd = "_&&_", kOr = "_||_", kNot = "!_", kNegate = "-_";
inline constexpr std::string_view kAdd = "_+_", kSubtract = "_-_", kMultiply = "_*_", kDivide = "_/_", kModulo = "_%_";
inline constexpr std::string_view kEqual = "_==_", kNotEqual = "_!=_", kLess = "_<_", kLessEqual = "_<=_";
inline constexpr std::string_view kGreater = "_>_", kGreaterEqual = "_>=_", kIn = "@in", kConditional = "_?_:_";
inline constexpr std::string_view kIndex = "_[_]", kOptionalIndex = "_[?_]", kOptionalSelect = "_?._";
inline constexpr std::string_view kNotStrictlyFalse = "@not_strictly_false";  // in loop conditions of macros
}  // namespace operators

struct Entry {
  NodeId key = kNoNode;  // of a map
  NodeId value = kNoNode;
  std::string field = {};  // of a struct
  bool optional = false;   // written with ?: left out when the value is optional.none()
  Position position = {};
};

// For each element of `range`: stop unless `condition`, then accumulator = `step`. The value is `result`.
struct Comprehension {
  std::string variable = {};         // element of a list, key of a map; with a second variable the index of a list
  std::string second_variable = {};  // element of a list, value of a map; empty when there is none
  std::string accumulator = {};
  NodeId range = kNoNode;
  NodeId initial = kNoNode;
  NodeId condition = kNoNode;
  NodeId step = kNoNode;
  NodeId result = kNoNode;
};

struct Node {
  NodeKind kind = NodeKind::kLiteral;
  Position position = {};
  std::string name = {};
  Literal literal = {};
  NodeId operand = kNoNode;            // of a select; the receiver of a member call
  std::vector<NodeId> arguments = {};  // of a call, without the receiver
  std::vector<Entry> entries = {};     // of a list, map or struct
  std::optional<Comprehension> comprehension = {};
  bool is_test = false;  // has(operand.name)
  // The call as it was written when this node is what a macro became: a kCall node that is not checked or evaluated
  // itself, whose operand and arguments are nodes of this tree.
  NodeId macro_call = kNoNode;

  // After checking.
  Type type = {};
  std::int32_t slot = -1;   // identifier: the environment's variable; -1: a variable of a comprehension
  std::int32_t field = -1;  // select on a record: the field's index
  std::vector<std::string> overload_ids = {};  // call: the overloads that can be meant; one unless an argument is dyn
  std::string type_denoted = {};               // identifier that names a type (int, net.IP): that type's name
};

class Ast {
 public:
  Ast() = default;
  const Node& operator[](NodeId id) const { return nodes_[id]; }
  Node& operator[](NodeId id) { return nodes_[id]; }
  NodeId root() const { return root_; }
  std::size_t size() const { return nodes_.size(); }
  const std::string& source() const { return source_; }
  bool is_checked() const { return checked_; }

  NodeId add(Node node);
  void set_root(NodeId root) { root_ = root; }
  void set_source(std::string source) { source_ = std::move(source); }
  void set_checked() { checked_ = true; }

 private:
  std::vector<Node> nodes_;
  NodeId root_ = kNoNode;
  std::string source_;
  bool checked_ = false;
};

// Which macros parse() expands.
enum class Macros : std::uint8_t { kNone, kStandard, kWithBlocks };

// The tree of `source`, or what is wrong with it and where. Never recurses deeper than limits.depth_max.
std::expected<Ast, std::vector<Issue>> parse(std::string_view source, const Limits& limits = {},
                                             Macros macros = Macros::kStandard);

// The tree with names resolved and types deduced, or everything that is wrong with it, up to limits.issues_max.
std::expected<Ast, std::vector<Issue>> check(Ast ast, const Environment& environment, const Limits& limits = {});

// Canonical source of a node: spaces around binary operators, double quotes, no needless parentheses. Macros as
// written. parse(to_text(ast)) is the same tree but for positions (see same_tree).
std::string to_text(const Ast& ast, NodeId id);
std::string to_text(const Ast& ast);
bool same_tree(const Ast& a, NodeId root_a, const Ast& b, NodeId root_b);

// A variable and fields of fields of it, or members of a map by literal keys: call.args.path, args["path"].
struct AttributePath {
  std::uint32_t slot = 0;
  std::string variable;
  std::vector<std::string> fields;
  bool operator==(const AttributePath&) const = default;
  std::string to_string() const;  // "call.args.path"
};

// The path a node of a checked tree is, when it is nothing but a path.
std::optional<AttributePath> attribute_path(const Ast& ast, NodeId id);
// Every longest path that evaluating a checked tree may read, each once, in order of first appearance.
std::vector<AttributePath> attribute_paths(const Ast& ast);

}  // namespace agentos::cel
