// Macros: calls that become other trees. Source: the CEL language definition and the extension libraries of cel-go.
//
// A macro's argument appears in its expansion once, so that expansions grow with the text and not faster.
#include <array>
#include <functional>

#include <fmt/format.h>
#include "lib/policy/cel/syntax/builder.h"

namespace agentos::cel {
namespace {

constexpr std::string_view kAccumulator = "@result";

struct MacroCall {
  Builder& builder;
  std::string name;
  NodeId receiver;
  std::vector<NodeId> arguments;
  Position position;

  NodeId accumulator() const { return builder.identifier(position, std::string(kAccumulator)); }
  NodeId truth(bool value) const { return builder.literal(position, value); }
  NodeId number(std::int64_t value) const { return builder.literal(position, value); }
  NodeId call(std::string_view function, std::vector<NodeId> arguments) const {
    return builder.call(position, function, std::move(arguments));
  }
  // The name an argument is, or a failure.
  std::string variable(NodeId argument) const {
    const Node& node = builder[argument];
    if (node.kind == NodeKind::kIdentifier && !node.name.starts_with('.') && node.name != kAccumulator)
      return node.name;
    builder.fail(node.position, fmt::format("{}() needs a simple name here", name), "as in list.all(item, item > 0)");
    return "@invalid";
  }
};

// The parts of a loop that differ between the macros.
struct LoopParts {
  NodeId initial;
  NodeId condition;
  NodeId step;
  NodeId result;
};

using MakeParts = LoopParts (*)(const MacroCall&, std::span<const NodeId> rest);

LoopParts all_parts(const MacroCall& macro, std::span<const NodeId> rest) {
  return {macro.truth(true), macro.call(operators::kNotStrictlyFalse, {macro.accumulator()}),
          macro.call(operators::kAnd, {macro.accumulator(), rest[0]}), macro.accumulator()};
}

LoopParts exists_parts(const MacroCall& macro, std::span<const NodeId> rest) {
  const NodeId negated = macro.call(operators::kNot, {macro.accumulator()});
  return {macro.truth(false), macro.call(operators::kNotStrictlyFalse, {negated}),
          macro.call(operators::kOr, {macro.accumulator(), rest[0]}), macro.accumulator()};
}

LoopParts exists_one_parts(const MacroCall& macro, std::span<const NodeId> rest) {
  const NodeId more = macro.call(operators::kAdd, {macro.accumulator(), macro.number(1)});
  return {macro.number(0), macro.truth(true), macro.call(operators::kConditional, {rest[0], more, macro.accumulator()}),
          macro.call(operators::kEqual, {macro.accumulator(), macro.number(1)})};
}

// rest: (what is appended) or (filter, what is appended).
LoopParts append_parts(const MacroCall& macro, std::span<const NodeId> rest) {
  const NodeId element = macro.builder.list(macro.position, {rest.back()});
  NodeId step = macro.call(operators::kAdd, {macro.accumulator(), element});
  if (rest.size() == 2) step = macro.call(operators::kConditional, {rest[0], step, macro.accumulator()});
  return {macro.builder.list(macro.position, {}), macro.truth(true), step, macro.accumulator()};
}

LoopParts insert_parts(const MacroCall& macro, std::span<const NodeId> rest) {
  std::vector<NodeId> arguments = {macro.accumulator(), rest.back()};
  if (macro.name == "transformMap")
    arguments.insert(arguments.begin() + 1,
                     macro.builder.identifier(macro.position, macro.variable(macro.arguments[0])));
  NodeId step = macro.call("cel.@mapInsert", std::move(arguments));
  if (rest.size() == 2) step = macro.call(operators::kConditional, {rest[0], step, macro.accumulator()});
  return {macro.builder.add(Node{.kind = NodeKind::kMap, .position = macro.position}), macro.truth(true), step,
          macro.accumulator()};
}

NodeId loop(const MacroCall& macro, std::size_t variables, MakeParts make) {
  Comprehension loop{.accumulator = std::string(kAccumulator), .range = macro.receiver};
  loop.variable = macro.variable(macro.arguments[0]);
  if (variables == 2) {
    loop.second_variable = macro.variable(macro.arguments[1]);
    if (loop.second_variable == loop.variable)
      return macro.builder.fail(macro.builder[macro.arguments[1]].position, "the two variables have one name");
  }
  const LoopParts parts = make(macro, std::span(macro.arguments).subspan(variables));
  loop.initial = parts.initial;
  loop.condition = parts.condition;
  loop.step = parts.step;
  loop.result = parts.result;
  return macro.builder.comprehension(macro.position, std::move(loop));
}

std::optional<NodeId> expand_loop(const MacroCall& macro) {
  const std::string_view name = macro.name;
  const std::size_t count = macro.arguments.size();
  MakeParts predicate = nullptr;
  if (name == "all") predicate = all_parts;
  if (name == "exists") predicate = exists_parts;
  if (name == "exists_one" || name == "existsOne") predicate = exists_one_parts;
  if (predicate != nullptr) {
    if (count == 2 || count == 3) return loop(macro, count - 1, predicate);
    return std::nullopt;
  }
  if (name == "map" && (count == 2 || count == 3)) return loop(macro, 1, append_parts);
  if (name == "filter" && count == 2) {
    MacroCall widened = macro;
    widened.arguments.push_back(macro.builder.identifier(macro.position, macro.variable(macro.arguments[0])));
    return loop(widened, 1, append_parts);
  }
  if (name == "transformList" && (count == 3 || count == 4)) return loop(macro, 2, append_parts);
  if ((name == "transformMap" || name == "transformMapEntry") && (count == 3 || count == 4))
    return loop(macro, 2, insert_parts);
  return std::nullopt;
}

// x.optMap(y, e): x.hasValue() ? optional.of(e) : optional.none() with y bound to x's value; optFlatMap leaves e as it
// is.
NodeId expand_optional(const MacroCall& macro, bool flat) {
  Builder& builder = macro.builder;
  const auto target = [&] { return builder.identifier(macro.position, "@target"); };
  const NodeId value = builder.member_call(macro.position, target(), "value", {});
  const NodeId bound = builder.bind(macro.position, macro.variable(macro.arguments[0]), value, macro.arguments[1]);
  const auto optional = [&](std::string_view function, std::vector<NodeId> arguments) {
    return builder.member_call(macro.position, builder.identifier(macro.position, "optional"), function,
                               std::move(arguments));
  };
  const NodeId chosen = flat ? bound : optional("of", {bound});
  const NodeId has_value = builder.member_call(macro.position, target(), "hasValue", {});
  const NodeId body = macro.call(operators::kConditional, {has_value, chosen, optional("none", {})});
  return builder.bind(macro.position, "@target", macro.receiver, body);
}

// list.sortBy(e, key): sorted by the keys that a map() makes.
NodeId expand_sort_by(const MacroCall& macro) {
  Builder& builder = macro.builder;
  MacroCall keys = macro;
  keys.name = "map";
  keys.receiver = builder.identifier(macro.position, "@input");
  const NodeId mapped = loop(keys, 1, append_parts);
  const NodeId sorted = builder.member_call(macro.position, builder.identifier(macro.position, "@input"),
                                            "@sortByAssociatedKeys", {mapped});
  return builder.bind(macro.position, "@input", macro.receiver, sorted);
}

NodeId expand_has(const MacroCall& macro) {
  const Node argument = macro.builder[macro.arguments[0]];
  if (argument.kind != NodeKind::kSelect || argument.is_test || argument.macro_call != kNoNode)
    return macro.builder.fail(argument.position, "has() needs a field selection", "as in has(args.path)");
  Node test = argument;
  test.is_test = true;
  return macro.builder.add(std::move(test));
}

NodeId expand_extreme(const MacroCall& macro) {
  const std::string_view function = macro.name == "greatest" ? "math.@max" : "math.@min";
  if (macro.arguments.empty())
    return macro.builder.fail(macro.position, fmt::format("math.{}() needs an argument", macro.name));
  for (const NodeId argument : macro.arguments) {
    const Node& node = macro.builder[argument];
    const bool number = std::holds_alternative<std::int64_t>(node.literal) ||
                        std::holds_alternative<std::uint64_t>(node.literal) ||
                        std::holds_alternative<double>(node.literal);
    const bool wrong_list = node.kind == NodeKind::kList && macro.arguments.size() > 1;
    if ((node.kind == NodeKind::kLiteral && !number) || wrong_list || node.kind == NodeKind::kMap ||
        node.kind == NodeKind::kStruct)
      return macro.builder.fail(node.position, fmt::format("math.{}() compares numbers", macro.name));
    if (node.kind == NodeKind::kList && node.entries.empty())
      return macro.builder.fail(node.position, fmt::format("math.{}() of an empty list", macro.name));
  }
  if (macro.arguments.size() <= 2) return macro.call(function, macro.arguments);
  return macro.call(function, {macro.builder.list(macro.position, macro.arguments)});
}

// The number in cel.index(N) and its like, or a failure.
std::int64_t block_number(const MacroCall& macro, std::size_t place) {
  const auto* number = std::get_if<std::int64_t>(&macro.builder[macro.arguments[place]].literal);
  if (number != nullptr && *number >= 0 && *number < macro.builder.limits().nodes_max) return *number;
  macro.builder.fail(macro.position, fmt::format("cel.{}() needs small whole numbers", macro.name));
  return 0;
}

std::optional<NodeId> expand_block(const MacroCall& macro) {
  const std::size_t count = macro.arguments.size();
  if (macro.name == "index" && count == 1)
    return macro.builder.identifier(macro.position, fmt::format("@index{}", block_number(macro, 0)));
  if ((macro.name == "iterVar" || macro.name == "accuVar") && count == 2)
    return macro.builder.identifier(macro.position, fmt::format("@{}:{}:{}", macro.name == "iterVar" ? "it" : "ac",
                                                                block_number(macro, 0), block_number(macro, 1)));
  if (macro.name != "block" || count != 2) return std::nullopt;
  const Node slots = macro.builder[macro.arguments[0]];
  if (slots.kind != NodeKind::kList) return macro.builder.fail(slots.position, "cel.block() needs a list first");
  NodeId body = macro.arguments[1];
  for (std::size_t i = slots.entries.size(); i-- > 0;) {
    if (slots.entries[i].optional) return macro.builder.fail(slots.position, "cel.block() has no optional elements");
    body = macro.builder.bind(macro.position, fmt::format("@index{}", i), slots.entries[i].value, body);
  }
  return body;
}

std::optional<NodeId> expand_namespaced(const MacroCall& macro, std::string_view space, Macros macros) {
  if (space == "math" && (macro.name == "greatest" || macro.name == "least")) return expand_extreme(macro);
  if (space != "cel") return std::nullopt;
  if (macro.name == "bind" && macro.arguments.size() == 3)
    return macro.builder.bind(macro.position, macro.variable(macro.arguments[0]), macro.arguments[1],
                              macro.arguments[2]);
  return macros == Macros::kWithBlocks ? expand_block(macro) : std::nullopt;
}

}  // namespace

std::optional<NodeId> expand_macro(Builder& builder, NodeId call, Macros macros) {
  const Node& node = builder[call];
  const MacroCall macro{builder, node.name, node.operand, node.arguments, node.position};
  if (macro.receiver == kNoNode)
    return (macro.name == "has" || macro.name == ".has") && macro.arguments.size() == 1
               ? std::optional(expand_has(macro))
               : std::nullopt;
  const Node& receiver = builder[macro.receiver];
  if (receiver.kind == NodeKind::kIdentifier) {
    const std::string_view space = std::string_view(receiver.name).substr(receiver.name.starts_with('.') ? 1 : 0);
    const std::string owned(space);
    if (auto expansion = expand_namespaced(macro, owned, macros)) return expansion;
  }
  if (macro.arguments.size() == 2) {
    if (macro.name == "optMap") return expand_optional(macro, false);
    if (macro.name == "optFlatMap") return expand_optional(macro, true);
    if (macro.name == "sortBy") return expand_sort_by(macro);
  }
  return expand_loop(macro);
}

}  // namespace agentos::cel
