// The bound: each node costs what it does to its operands' largest sizes; a loop costs its body once an element.
#include "lib/policy/cel/plan/cost.h"

#include <algorithm>
#include <map>
#include <string>

namespace agentos::cel {
namespace {

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

// What a node's value can be at most.
struct Extent {
  std::uint64_t cost = 0;  // of getting it
  std::uint64_t size = 0;  // octets of a text, elements of a list or map with those inside them
};

class Estimate {
 public:
  Estimate(const Ast& ast, const SizeBounds& bounds) : ast_(ast), bounds_(bounds) {}

  Extent of(NodeId id) {
    const Node& node = ast_[id];
    switch (node.kind) {
      case NodeKind::kLiteral:
        return {1, literal_size(node.literal)};
      case NodeKind::kIdentifier:
        return {1, identifier_size(node)};
      case NodeKind::kSelect:
        return {plus(1, of(node.operand).cost), outside_size(node.type)};
      case NodeKind::kCall:
        return call(node);
      case NodeKind::kComprehension:
        return loop(*node.comprehension);
      default:
        return entries(node);
    }
  }

 private:
  static std::uint64_t literal_size(const Literal& literal) {
    if (const auto* text = std::get_if<std::string>(&literal)) return text->size();
    if (const auto* octets = std::get_if<Bytes>(&literal)) return octets->size();
    return 1;
  }

  // The size of something of this type that a host gives.
  std::uint64_t outside_size(const Type& type) const {
    switch (type.kind()) {
      case TypeKind::kString:
      case TypeKind::kBytes:
        return bounds_.string_bytes_max;
      case TypeKind::kList:
        return times(bounds_.elements_max, outside_size(type.parameter(0)));
      case TypeKind::kMap:
        return times(bounds_.elements_max, plus(outside_size(type.parameter(0)), outside_size(type.parameter(1))));
      case TypeKind::kOptional:
        return outside_size(type.parameter(0));
      case TypeKind::kDyn:
      case TypeKind::kParameter:
      case TypeKind::kRecord:
        return std::max(bounds_.string_bytes_max, bounds_.elements_max);
      default:
        return 1;
    }
  }

  std::uint64_t identifier_size(const Node& node) const {
    const auto found = locals_.find(node.name);
    return node.slot < 0 && found != locals_.end() ? found->second : outside_size(node.type);
  }

  Extent call(const Node& node) {
    Extent whole{1, 1};
    std::uint64_t sum = 0, product = 1;
    const auto add = [&](NodeId id) {
      const Extent part = of(id);
      whole.cost = plus(whole.cost, part.cost);
      sum = plus(sum, part.size);
      product = times(product, std::max<std::uint64_t>(part.size, 1));
    };
    if (node.operand != kNoNode) add(node.operand);
    for (const NodeId argument : node.arguments) add(argument);
    // Sets compare every pair, replace() may put one text between any two characters of another.
    const bool pairs = node.name.starts_with("sets.") || node.name == "replace" || node.name == "distinct" ||
                       node.name == "join" || node.name == "sort" || node.name == "regex.replace";
    const bool makes = pairs || node.name == "format" || node.name == "strings.quote" || node.name == "base64.encode";
    if (node.name == "lists.range") return {UINT64_MAX, UINT64_MAX};
    whole.cost = plus(whole.cost, pairs ? product : times(4, sum));
    whole.size = makes ? plus(times(4, sum), pairs ? product : 0) : std::max<std::uint64_t>(sum, 1);
    return whole;
  }

  Extent entries(const Node& node) {
    Extent whole{1, 1};
    for (const Entry& entry : node.entries) {
      for (const NodeId part : {entry.key, entry.value}) {
        if (part == kNoNode) continue;
        const Extent extent = of(part);
        whole.cost = plus(whole.cost, plus(1, extent.cost));
        whole.size = plus(whole.size, extent.size);
      }
    }
    return whole;
  }

  // Of how many elements a range has; a list's size counts what lies inside too.
  Extent loop(const Comprehension& loop) {
    const Extent range = of(loop.range), initial = of(loop.initial);
    const bool binds = ast_[loop.range].kind == NodeKind::kList && ast_[loop.range].entries.empty();
    const auto before = locals_;
    locals_[loop.variable] = range.size;
    locals_[loop.second_variable] = range.size;
    locals_[loop.accumulator] = initial.size;
    Extent whole{plus(1, plus(range.cost, initial.cost)), 1};
    if (!binds) {
      const Extent step = of(loop.step);
      const std::uint64_t turn = plus(1, plus(of(loop.condition).cost, step.cost));
      whole.cost = plus(whole.cost, times(range.size, turn));
      locals_[loop.accumulator] = plus(initial.size, times(range.size, step.size));
    }
    const Extent result = of(loop.result);
    locals_ = before;
    return {plus(whole.cost, result.cost), result.size};
  }

  const Ast& ast_;
  const SizeBounds& bounds_;
  std::map<std::string, std::uint64_t> locals_;
};

}  // namespace

std::uint64_t cost_of(const Ast& ast, const SizeBounds& bounds) { return Estimate(ast, bounds).of(ast.root()).cost; }

}  // namespace agentos::cel
