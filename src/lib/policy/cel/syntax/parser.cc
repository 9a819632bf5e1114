// The grammar: recursive descent over tokens, precedence climbing for binary operators, macros expanded at their calls.
//
// Recursion is bounded by depth_max. Chains of && and || become balanced trees, so that a long list of conditions is
// not a deep one.
#include <array>
#include <string>

#include <fmt/format.h>
#include "base/json/value.h"
#include "lib/policy/cel/syntax/builder.h"
#include "lib/policy/cel/syntax/token.h"

namespace agentos::cel {
namespace {

struct Operator {
  std::string_view symbol;
  std::string_view function;
  int precedence;
};
constexpr std::array<Operator, 12> kOperators = {{{"<", operators::kLess, 1},
                                                  {"<=", operators::kLessEqual, 1},
                                                  {">", operators::kGreater, 1},
                                                  {">=", operators::kGreaterEqual, 1},
                                                  {"==", operators::kEqual, 1},
                                                  {"!=", operators::kNotEqual, 1},
                                                  {"in", operators::kIn, 1},
                                                  {"+", operators::kAdd, 2},
                                                  {"-", operators::kSubtract, 2},
                                                  {"*", operators::kMultiply, 3},
                                                  {"/", operators::kDivide, 3},
                                                  {"%", operators::kModulo, 3}}};

class Parser {
 public:
  Parser(std::string_view source, const Limits& limits, Macros macros)
      : builder_(limits), lexer_(source), macros_(macros) {
    advance();
  }

  std::expected<Ast, std::vector<Issue>> run() {
    const NodeId root = expression();
    if (!builder_.failed() && token_.kind != TokenKind::kEnd) unexpected("an operator or the end");
    if (builder_.failed()) return std::unexpected(std::vector<Issue>{builder_.issue()});
    Ast ast = builder_.take();
    ast.set_root(root);
    return ast;
  }

 private:
  void advance() {
    auto token = lexer_.next();
    if (token) {
      token_ = *token;
    } else {
      builder_.fail({.line = token.error().line, .column = token.error().column}, token.error().message,
                    token.error().hint);
      token_ = {};
    }
  }
  NodeId fail(Position position, std::string message, std::string hint = {}) {
    token_ = {};  // unwinds every loop
    return builder_.fail(position, std::move(message), std::move(hint));
  }
  NodeId unexpected(std::string_view wanted) {
    if (token_.kind == TokenKind::kEnd)
      return fail(token_.position, fmt::format("the expression ends where {} belongs", wanted));
    return fail(token_.position, fmt::format("'{}' stands where {} belongs", token_.text.substr(0, 40), wanted));
  }
  bool is(std::string_view symbol) const { return token_.kind == TokenKind::kSymbol && token_.text == symbol; }
  bool take(std::string_view symbol) {
    if (!is(symbol) || builder_.failed()) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!take(symbol)) unexpected(fmt::format("'{}'", symbol));
  }
  // The operator at the token when it is a binary one of at least this precedence.
  const Operator* operator_here(int least) const {
    if (token_.kind != TokenKind::kSymbol && !(token_.kind == TokenKind::kIdentifier && token_.text == "in"))
      return nullptr;
    for (const Operator& candidate : kOperators)
      if (candidate.symbol == token_.text) return candidate.precedence >= least ? &candidate : nullptr;
    return nullptr;
  }

  NodeId expression();
  NodeId logical(std::string_view symbol, std::string_view function);
  NodeId binary(int least);
  NodeId unary();
  NodeId member();
  NodeId primary();
  NodeId number(std::string_view sign, Position position);
  NodeId name_or_call(bool absolute);
  NodeId selection(NodeId operand);
  NodeId index(NodeId operand);
  NodeId list();
  NodeId map();
  NodeId structure(NodeId name);
  NodeId call(NodeId receiver, std::string function, Position position);
  bool qualified_name(NodeId id, std::string& name) const;

  Builder builder_;
  Lexer lexer_;
  Macros macros_;
  Token token_;
  std::uint32_t depth_ = 0;
};

NodeId Parser::expression() {
  // Each level costs a few stack frames.
  if (++depth_ > builder_.limits().depth_max) {
    --depth_;
    return fail(token_.position, fmt::format("nested deeper than {}", builder_.limits().depth_max),
                "split the expression");
  }
  NodeId result = logical("||", operators::kOr);
  if (is("?")) {
    const Position position = token_.position;
    advance();
    const NodeId chosen = logical("||", operators::kOr);
    expect(":");
    const NodeId otherwise = expression();
    result = builder_.call(position, operators::kConditional, {result, chosen, otherwise});
  }
  --depth_;
  return result;
}

// Adds the operands of a tree of one logical operator, and the places of its operators, from left to right.
void flatten(const Builder& builder, NodeId id, std::string_view function, std::vector<NodeId>& terms,
             std::vector<Position>& places) {
  const Node& node = builder[id];
  if (node.kind != NodeKind::kCall || node.name != function || node.macro_call != kNoNode) {
    terms.push_back(id);
    return;
  }
  flatten(builder, node.arguments[0], function, terms, places);
  places.push_back(node.position);
  flatten(builder, node.arguments[1], function, terms, places);
}

NodeId balance(Builder& builder, std::string_view function, std::span<const NodeId> terms,
               std::span<const Position> places) {
  if (terms.size() == 1) return terms[0];
  const std::size_t middle = (terms.size() - 1) / 2;
  const NodeId left = balance(builder, function, terms.first(middle + 1), places.first(middle));
  const NodeId right = balance(builder, function, terms.subspan(middle + 1), places.subspan(middle + 1));
  return builder.call(places[middle], function, {left, right});
}

NodeId Parser::logical(std::string_view symbol, std::string_view function) {
  const bool is_or = symbol == "||";
  NodeId first = is_or ? logical("&&", operators::kAnd) : binary(1);
  if (!is(symbol)) return first;
  std::vector<NodeId> terms;
  std::vector<Position> places;
  flatten(builder_, first, function, terms, places);
  while (is(symbol)) {
    places.push_back(token_.position);
    advance();
    flatten(builder_, is_or ? logical("&&", operators::kAnd) : binary(1), function, terms, places);
  }
  return builder_.failed() ? first : balance(builder_, function, terms, places);
}

NodeId Parser::binary(int least) {
  NodeId left = least > 3 ? unary() : binary(least + 1);
  while (const Operator* found = operator_here(least)) {
    const Position position = token_.position;
    advance();
    const NodeId right = binary(least + 1);
    left = builder_.call(position, found->function, {left, right});
  }
  return left;
}

NodeId Parser::unary() {
  if (!is("!") && !is("-")) return member();
  const bool negates = is("-");
  std::vector<Position> places;
  while (is(negates ? "-" : "!") && places.size() <= builder_.limits().depth_max) {
    places.push_back(token_.position);
    advance();
  }
  NodeId operand = kNoNode;
  if (negates && (token_.kind == TokenKind::kInt || token_.kind == TokenKind::kFloat)) {
    const Position position = places.back();
    places.pop_back();
    operand = number("-", position);
    while (is(".") || is("[")) operand = is(".") ? selection(operand) : index(operand);
  } else {
    operand = is("!") || is("-") ? unexpected("an operand") : member();
  }
  for (auto place = places.rbegin(); place != places.rend(); ++place)
    operand = builder_.call(*place, negates ? operators::kNegate : operators::kNot, {operand});
  return operand;
}

NodeId Parser::member() {
  NodeId node = primary();
  for (;;) {
    if (is(".")) {
      node = selection(node);
    } else if (is("[")) {
      node = index(node);
    } else if (std::string name; is("{") && qualified_name(node, name)) {
      node = structure(node);
    } else {
      return node;
    }
  }
}

NodeId Parser::number(std::string_view sign, Position position) {
  auto literal = decode_number(token_, sign);
  if (!literal) return fail(position, literal.error().message, literal.error().hint);
  advance();
  return builder_.literal(position, std::move(*literal));
}

NodeId Parser::primary() {
  const Token token = token_;
  switch (token.kind) {
    case TokenKind::kInt:
    case TokenKind::kUint:
    case TokenKind::kFloat:
      return number("", token.position);
    case TokenKind::kString:
    case TokenKind::kBytes: {
      auto literal = decode_string(token);
      if (!literal) return fail(token.position, literal.error().message, literal.error().hint);
      advance();
      return builder_.literal(token.position, std::move(*literal));
    }
    case TokenKind::kIdentifier:
      return name_or_call(false);
    case TokenKind::kSymbol:
      break;
    default:
      return unexpected("a value");
  }
  if (take("(")) {
    const NodeId inside = expression();
    expect(")");
    return inside;
  }
  if (is("[")) return list();
  if (is("{")) return map();
  if (take(".")) return name_or_call(true);
  return unexpected("a value");
}

NodeId Parser::name_or_call(bool absolute) {
  const Token token = token_;
  if (token.kind != TokenKind::kIdentifier) return unexpected("a name");
  if (!absolute && is_keyword(token.text) && token.text != "in") {
    advance();
    if (token.text == "null") return builder_.literal(token.position, Null{});
    return builder_.literal(token.position, token.text == "true");
  }
  if (is_reserved(token.text)) return fail(token.position, fmt::format("'{}' is a reserved word", token.text));
  advance();
  std::string name = (absolute ? "." : "") + std::string(token.text);
  if (is("(")) return call(kNoNode, std::move(name), token.position);
  return builder_.identifier(token.position, std::move(name));
}

NodeId Parser::selection(NodeId operand) {
  expect(".");
  const bool optional = take("?");
  const Token token = token_;
  if (token.kind != TokenKind::kQuotedName && (token.kind != TokenKind::kIdentifier || is_keyword(token.text)))
    return unexpected("a field or method name");
  advance();
  if (optional) {
    const NodeId field = builder_.literal(token.position, std::string(token.text));
    return builder_.call(token.position, operators::kOptionalSelect, {operand, field});
  }
  if (is("(") && token.kind == TokenKind::kIdentifier) return call(operand, std::string(token.text), token.position);
  return builder_.select(token.position, operand, std::string(token.text));
}

NodeId Parser::index(NodeId operand) {
  const Position position = token_.position;
  expect("[");
  const bool optional = take("?");
  const NodeId key = expression();
  expect("]");
  return builder_.call(position, optional ? operators::kOptionalIndex : operators::kIndex, {operand, key});
}

NodeId Parser::call(NodeId receiver, std::string function, Position position) {
  expect("(");
  std::vector<NodeId> arguments;
  while (!is(")") && !builder_.failed()) {
    arguments.push_back(expression());
    if (!take(",")) break;
    if (is(")")) unexpected("an argument");
  }
  expect(")");
  if (builder_.failed()) return builder_.fail(position, "");
  const NodeId made = builder_.member_call(position, receiver, function, std::move(arguments));
  if (macros_ == Macros::kNone || builder_.failed()) return made;
  if (const auto expansion = expand_macro(builder_, made, macros_)) {
    if (builder_.failed()) return fail(position, "");
    if (builder_[*expansion].macro_call == kNoNode) builder_.at(*expansion).macro_call = made;
    return *expansion;
  }
  return made;
}

NodeId Parser::list() {
  Node node{.kind = NodeKind::kList, .position = token_.position};
  expect("[");
  while (!is("]") && !builder_.failed()) {
    Entry entry{.position = token_.position};
    entry.optional = take("?");
    entry.value = expression();
    node.entries.push_back(std::move(entry));
    if (!take(",")) break;
  }
  expect("]");
  return builder_.failed() ? 0 : builder_.add(std::move(node));
}

NodeId Parser::map() {
  Node node{.kind = NodeKind::kMap, .position = token_.position};
  expect("{");
  while (!is("}") && !builder_.failed()) {
    Entry entry{.position = token_.position};
    entry.optional = take("?");
    entry.key = expression();
    expect(":");
    entry.value = expression();
    node.entries.push_back(std::move(entry));
    if (!take(",")) break;
  }
  expect("}");
  return builder_.failed() ? 0 : builder_.add(std::move(node));
}

// The dotted name a node is, when it is nothing else.
bool Parser::qualified_name(NodeId id, std::string& name) const {
  const Node& node = builder_[id];
  if (node.macro_call != kNoNode || node.is_test) return false;
  if (node.kind == NodeKind::kIdentifier) {
    name = node.name;
    return true;
  }
  if (node.kind != NodeKind::kSelect || !qualified_name(node.operand, name)) return false;
  name += "." + node.name;
  return true;
}

NodeId Parser::structure(NodeId name) {
  Node node{.kind = NodeKind::kStruct, .position = builder_[name].position};
  qualified_name(name, node.name);
  expect("{");
  while (!is("}") && !builder_.failed()) {
    Entry entry{.position = token_.position};
    entry.optional = take("?");
    if (token_.kind != TokenKind::kQuotedName && (token_.kind != TokenKind::kIdentifier || is_keyword(token_.text)))
      return unexpected("a field name");
    entry.field = token_.text;
    advance();
    expect(":");
    entry.value = expression();
    node.entries.push_back(std::move(entry));
    if (!take(",")) break;
  }
  expect("}");
  return builder_.failed() ? 0 : builder_.add(std::move(node));
}

}  // namespace

std::expected<Ast, std::vector<Issue>> parse(std::string_view source, const Limits& limits, Macros macros) {
  if (source.size() > limits.source_bytes_max)
    return std::unexpected(std::vector<Issue>{
        {1, 1, fmt::format("the expression has {} bytes, at most {}", source.size(), limits.source_bytes_max), {}}});
  if (!json::valid_utf8(source)) return std::unexpected(std::vector<Issue>{{1, 1, "the expression is not UTF-8", {}}});
  auto ast = Parser(source, limits, macros).run();
  if (ast) ast->set_source(std::string(source));
  return ast;
}

}  // namespace agentos::cel
