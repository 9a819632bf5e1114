// Canonical source of a tree. Macros are printed as they were written.
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include "lib/policy/cel/ast.h"
#include "lib/policy/cel/syntax/token.h"
#include "lib/policy/cel/text.h"

namespace agentos::cel {
namespace {

// How tightly a form binds; a part that binds less tightly than its place asks for is put in parentheses.
enum Tightness : int { kTernary = 0, kOr, kAnd, kRelation, kSum, kProduct, kUnary, kMember };

struct Shown {
  std::string_view function;
  std::string_view symbol;
  Tightness tightness;
};
constexpr std::array<Shown, 14> kBinary = {{{operators::kOr, "||", kOr},
                                            {operators::kAnd, "&&", kAnd},
                                            {operators::kLess, "<", kRelation},
                                            {operators::kLessEqual, "<=", kRelation},
                                            {operators::kGreater, ">", kRelation},
                                            {operators::kGreaterEqual, ">=", kRelation},
                                            {operators::kEqual, "==", kRelation},
                                            {operators::kNotEqual, "!=", kRelation},
                                            {operators::kIn, "in", kRelation},
                                            {operators::kAdd, "+", kSum},
                                            {operators::kSubtract, "-", kSum},
                                            {operators::kMultiply, "*", kProduct},
                                            {operators::kDivide, "/", kProduct},
                                            {operators::kModulo, "%", kProduct}}};

const Shown* binary_of(const Node& node) {
  if (node.kind != NodeKind::kCall || node.operand != kNoNode || node.arguments.size() != 2) return nullptr;
  for (const Shown& each : kBinary)
    if (each.function == node.name) return &each;
  return nullptr;
}

void append_quoted(std::string& out, std::string_view text, bool bytes) {
  if (bytes) out += 'b';
  out += '"';
  for (std::size_t place = 0; place < text.size();) {
    const std::size_t before = place;
    const std::uint32_t c = bytes ? static_cast<unsigned char>(text[place++]) : next_code_point(text, place);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7f || (bytes && c >= 0x80)) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += text.substr(before, place - before);
    }
  }
  out += '"';
}

std::string literal_text(const Literal& literal) {
  std::string out;
  switch (literal.index()) {
    case 0:
      return "null";
    case 1:
      return std::get<bool>(literal) ? "true" : "false";
    case 2:
      return std::to_string(std::get<std::int64_t>(literal));
    case 3:
      return std::to_string(std::get<std::uint64_t>(literal)) + "u";
    case 4: {
      char text[40];
      const auto end = std::to_chars(text, text + sizeof text, std::get<double>(literal));
      out.assign(text, end.ptr);
      if (out.find_first_of(".e") == std::string::npos) out += ".0";
      return out;
    }
    case 5:
      append_quoted(out, std::get<std::string>(literal), false);
      return out;
    default:
      append_quoted(out, std::get<Bytes>(literal).view(), true);
      return out;
  }
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || is_keyword(name)) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9'))) return false;
  return name[0] < '0' || name[0] > '9';
}

std::string field_text(std::string_view name) {
  return is_plain_name(name) ? std::string(name) : fmt::format("`{}`", name);
}

class Printer {
 public:
  explicit Printer(const Ast& ast) : ast_(ast) {}

  void print(NodeId id, int least) {
    const Node* node = &ast_[id];
    if (node->macro_call != kNoNode) node = &ast_[node->macro_call];
    const bool parentheses = tightness(*node) < least;
    if (parentheses) out_ += '(';
    print_node(*node);
    if (parentheses) out_ += ')';
  }
  std::string take() { return std::move(out_); }

 private:
  static int tightness(const Node& node) {
    if (const Shown* shown = binary_of(node)) return shown->tightness;
    if (node.kind == NodeKind::kLiteral) {
      const auto* number = std::get_if<std::int64_t>(&node.literal);
      const auto* real = std::get_if<double>(&node.literal);
      return (number != nullptr && *number < 0) || (real != nullptr && std::signbit(*real)) ? kUnary : kMember;
    }
    if (node.kind != NodeKind::kCall || node.operand != kNoNode) return kMember;
    if (node.name == operators::kConditional) return kTernary;
    return node.name == operators::kNot || node.name == operators::kNegate ? kUnary : kMember;
  }

  void print_node(const Node& node) {
    switch (node.kind) {
      case NodeKind::kLiteral:
        out_ += literal_text(node.literal);
        break;
      case NodeKind::kIdentifier:
        out_ += node.name;
        break;
      case NodeKind::kSelect:
        print_select(node);
        break;
      case NodeKind::kCall:
        print_call(node);
        break;
      case NodeKind::kList:
        print_entries(node, '[', ']');
        break;
      case NodeKind::kMap:
        print_entries(node, '{', '}');
        break;
      case NodeKind::kStruct:
        out_ += node.name;
        print_entries(node, '{', '}');
        break;
      case NodeKind::kComprehension:
        out_ += "@loop";
        break;  // only macros make one, and they are printed as written
    }
  }

  void print_select(const Node& node) {
    if (node.is_test) out_ += "has(";
    print(node.operand, kMember);
    out_ += "." + field_text(node.name);
    if (node.is_test) out_ += ')';
  }

  void print_list(const std::vector<NodeId>& nodes) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i > 0) out_ += ", ";
      print(nodes[i], kTernary);
    }
  }

  void print_call(const Node& node) {
    if (node.operand != kNoNode) {
      print(node.operand, kMember);
      out_ += "." + node.name + "(";
      print_list(node.arguments);
      out_ += ')';
    } else if (const Shown* shown = binary_of(node)) {
      print(node.arguments[0], shown->tightness);
      out_ += fmt::format(" {} ", shown->symbol);
      // Chains of && and || are one flat list; other operators group to the left.
      const bool logical = shown->tightness == kOr || shown->tightness == kAnd;
      print(node.arguments[1], logical ? shown->tightness : shown->tightness + 1);
    } else if (!print_special(node)) {
      out_ += node.name + "(";
      print_list(node.arguments);
      out_ += ')';
    }
  }

  // The operators that are not binary.
  bool print_special(const Node& node) {
    if (node.name == operators::kNot || node.name == operators::kNegate) {
      out_ += node.name == operators::kNot ? '!' : '-';
      const bool number = node.name == operators::kNegate && ast_[node.arguments[0]].kind == NodeKind::kLiteral;
      print(node.arguments[0], number ? kMember + 1 : kUnary);  // -(1) is a call, -1 a literal
      return true;
    }
    if (node.name == operators::kConditional) {
      print(node.arguments[0], kOr);
      out_ += " ? ";
      print(node.arguments[1], kOr);
      out_ += " : ";
      print(node.arguments[2], kTernary);
      return true;
    }
    if (node.name == operators::kOptionalSelect) {
      print(node.arguments[0], kMember);
      out_ += ".?" + field_text(std::get<std::string>(ast_[node.arguments[1]].literal));
      return true;
    }
    if (node.name != operators::kIndex && node.name != operators::kOptionalIndex) return false;
    print(node.arguments[0], kMember);
    out_ += node.name == operators::kIndex ? "[" : "[?";
    print(node.arguments[1], kTernary);
    out_ += ']';
    return true;
  }

  void print_entries(const Node& node, char open, char close) {
    out_ += open;
    for (std::size_t i = 0; i < node.entries.size(); ++i) {
      const Entry& entry = node.entries[i];
      if (i > 0) out_ += ", ";
      if (entry.optional) out_ += '?';
      if (entry.key != kNoNode) print(entry.key, kTernary);
      if (!entry.field.empty()) out_ += field_text(entry.field);
      if (open == '{') out_ += ": ";
      print(entry.value, kTernary);
    }
    out_ += close;
  }

  const Ast& ast_;
  std::string out_;
};

bool same_literal(const Literal& a, const Literal& b) {
  const auto *x = std::get_if<double>(&a), *y = std::get_if<double>(&b);
  return a == b && (x == nullptr || y == nullptr || std::signbit(*x) == std::signbit(*y));
}

}  // namespace

std::string to_text(const Ast& ast, NodeId id) {
  Printer printer(ast);
  printer.print(id, kTernary);
  return printer.take();
}

std::string to_text(const Ast& ast) { return to_text(ast, ast.root()); }

bool same_tree(const Ast& a, NodeId root_a, const Ast& b, NodeId root_b) {
  if (root_a == kNoNode || root_b == kNoNode) return root_a == root_b;
  const Node &x = a[root_a], &y = b[root_b];
  const auto same = [&](NodeId left, NodeId right) { return same_tree(a, left, b, right); };
  if (x.kind != y.kind || x.name != y.name || !same_literal(x.literal, y.literal) || x.is_test != y.is_test ||
      x.arguments.size() != y.arguments.size() || x.entries.size() != y.entries.size() ||
      x.comprehension.has_value() != y.comprehension.has_value() || !same(x.operand, y.operand))
    return false;
  for (std::size_t i = 0; i < x.arguments.size(); ++i)
    if (!same(x.arguments[i], y.arguments[i])) return false;
  for (std::size_t i = 0; i < x.entries.size(); ++i) {
    const Entry &left = x.entries[i], &right = y.entries[i];
    if (left.field != right.field || left.optional != right.optional || !same(left.key, right.key) ||
        !same(left.value, right.value))
      return false;
  }
  if (!x.comprehension) return true;
  const Comprehension &left = *x.comprehension, &right = *y.comprehension;
  return left.variable == right.variable && left.second_variable == right.second_variable &&
         left.accumulator == right.accumulator && same(left.range, right.range) && same(left.initial, right.initial) &&
         same(left.condition, right.condition) && same(left.step, right.step) && same(left.result, right.result);
}

}  // namespace agentos::cel
