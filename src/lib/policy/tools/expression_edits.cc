// Edits from an expression: what its comparisons read, and values near the literals they compare it with.
//
// The tree is looked at, not the text: of each comparison every attribute it reads is tried with every literal in it,
// changed a little, and with what stands in the document's tables.
#include <algorithm>
#include <map>

#include "lib/policy/cel/ast.h"
#include "lib/policy/expression.h"
#include "lib/policy/request_view.h"
#include "lib/policy/tools/bounds.h"
#include "lib/policy/tools/edits.h"
#include "lib/policy/tools/pattern_example.h"

namespace agentos::policy::tools {
namespace {

using Who = Dimension::Who;
using Path = std::vector<std::string>;

constexpr std::int64_t kTextOfSizeMax = 65'536;  // octets of a text made because its size is compared
constexpr std::size_t kLiteralsMax = 24;         // of one comparison, and of one table

// An attribute as written: its variable and fields.
Path attribute_of(const cel::Ast& ast, cel::NodeId id) {
  const cel::Node& node = ast[id];
  if (node.kind == cel::NodeKind::kIdentifier) return {node.name};
  if (node.kind == cel::NodeKind::kSelect) {
    Path path = attribute_of(ast, node.operand);
    if (!path.empty()) path.push_back(node.name);
    return path;
  }
  if (node.kind == cel::NodeKind::kCall && node.name == cel::operators::kIndex && node.arguments.size() == 2) {
    const cel::Node& index = ast[node.arguments[1]];
    const auto* key = std::get_if<std::string>(&index.literal);
    Path path = attribute_of(ast, node.arguments[0]);
    if (index.kind != cel::NodeKind::kLiteral || key == nullptr || path.empty()) return {};
    path.push_back(*key);
    return path;
  }
  return {};
}

struct Place {
  Path path;
  Who who = Who::kCaller;
  bool list = false;
};

// Where a stated request has an attribute; an empty path when it has none.
Place place_of(const Path& attribute) {
  const std::string& variable = attribute.front();
  const std::string field = attribute.size() > 1 ? attribute[1] : "";
  const auto below = [&](const char* member, std::size_t skip) {
    Path path = {member};
    path.insert(path.end(), attribute.begin() + static_cast<std::ptrdiff_t>(skip), attribute.end());
    return path;
  };
  if (variable == "args" && attribute.size() > 1) return {below("args", 1)};
  if (variable == "labels") return {{"flow"}, Who::kTime, true};
  if (variable == "now") return {{"time"}, Who::kTime};
  if (variable == "findings") return {{"findings"}, Who::kCaller, true};
  if (variable == "env" && attribute.size() > 1) return {below("env", 1), Who::kOperator};
  if (variable == "history" && attribute.size() > 2) return {{"history", attribute[2]}, Who::kTime};
  if (variable == "result" && attribute.size() > 1) return {below("result", 1)};
  if (variable == "tool") {
    if (field == "name") return {{"tool"}};
    if (field == "version" || field == "server") return {{field}, Who::kOperator};
    if (field == "manifest" && attribute.size() > 2) return {below("manifest", 2), Who::kOperator};
  }
  if (variable == "call" && (field.starts_with("path") || field.starts_with("target"))) return {{field}};
  if (variable == "agent") {
    if (field == "id") return {{"agent"}, Who::kOperator};
    if (field == "groups" || field == "labels") return {{"labels"}, Who::kOperator, true};
    if (field == "chain") return {{"chain"}, Who::kOperator, true};
    if (field == "budget" && attribute.size() > 2) return {{"budget", attribute[2]}, Who::kOperator};
    if (field == "name" || field == "parent" || field == "ring" || field == "trust") return {{field}, Who::kOperator};
  }
  return {};
}

struct Found {
  std::vector<Path> attributes;
  std::vector<json::Value> literals;
  std::vector<std::string> patterns;  // literals that are regular expressions
};

class Walker {
 public:
  Walker(const Expression& expression, const cel::Ast& ast) : ast_(ast) {
    // What the tables have, by path: an empty request reads them as any.
    const Request nothing;
    RequestView view(nothing);
    for (const Part& part : expression.parts(view)) {
      for (const auto& [path, value] : part.actual) {
        if (path.starts_with("table.")) tables_[path] = value;
      }
    }
  }

  std::vector<Dimension> walk() {
    comparison(ast_.root());
    std::vector<Dimension> out;
    for (auto& [what, dimension] : dimensions_) out.push_back(std::move(dimension));
    return out;
  }

 private:
  // Goes down to what is neither a conjunction nor a negation.
  void comparison(cel::NodeId id) {
    const cel::Node& node = ast_[id];
    const bool joins = node.kind == cel::NodeKind::kCall &&
                       (node.name == cel::operators::kAnd || node.name == cel::operators::kOr ||
                        node.name == cel::operators::kNot || node.name == cel::operators::kConditional);
    if (joins) {
      for (cel::NodeId argument : node.arguments) comparison(argument);
      return;
    }
    Found found;
    collect(id, found);
    for (const Path& attribute : found.attributes) add(attribute, found);
  }

  void collect(cel::NodeId id, Found& found) {
    const Path attribute = attribute_of(ast_, id);
    if (!attribute.empty()) {
      take_attribute(attribute, found);
      return;
    }
    const cel::Node& node = ast_[id];
    if (node.kind == cel::NodeKind::kLiteral) add_literal(node, found);
    if (node.operand != cel::kNoNode) collect(node.operand, found);
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      const cel::Node& argument = ast_[node.arguments[i]];
      if (node.name == "matches" && argument.kind == cel::NodeKind::kLiteral) {
        if (const auto* pattern = std::get_if<std::string>(&argument.literal)) found.patterns.push_back(*pattern);
        continue;
      }
      collect(node.arguments[i], found);
    }
    for (const cel::Entry& entry : node.entries) {
      if (entry.key != cel::kNoNode) collect(entry.key, found);
      collect(entry.value, found);
    }
    if (!node.comprehension) return;
    for (cel::NodeId part : {node.comprehension->range, node.comprehension->step}) collect(part, found);
  }

  void take_attribute(const Path& attribute, Found& found) {
    if (attribute.front() == "table") {
      const auto table = tables_.find(dotted(attribute));
      if (table != tables_.end()) add_data(table->second, found);
      return;
    }
    if (!place_of(attribute).path.empty() && std::ranges::find(found.attributes, attribute) == found.attributes.end()) {
      found.attributes.push_back(attribute);
    }
  }

  static void add_data(const json::Value& data, Found& found) {
    if (found.literals.size() >= kLiteralsMax) return;
    if (data.is_array()) {
      for (const json::Value& item : data.as_array()) add_data(item, found);
    } else if (data.is_object()) {
      for (const auto& [key, value] : data.as_object()) {
        add_data(json::Value(key), found);
        add_data(value, found);
      }
    } else if (!data.is_null()) {
      found.literals.push_back(data);
    }
  }

  static void add_literal(const cel::Node& node, Found& found) {
    json::Value value;
    if (const auto* text = std::get_if<std::string>(&node.literal)) value = *text;
    if (const auto* integer = std::get_if<std::int64_t>(&node.literal)) value = *integer;
    if (const auto* number = std::get_if<double>(&node.literal)) value = *number;
    if (const auto* truth = std::get_if<bool>(&node.literal)) value = *truth;
    if (!value.is_null() && found.literals.size() < kLiteralsMax) found.literals.push_back(std::move(value));
  }

  void add(const Path& attribute, const Found& found) {
    const Place place = place_of(attribute);
    Dimension& dimension = dimensions_[dotted(place.path)];
    dimension.who = place.who;
    dimension.what = dotted(place.path);
    std::vector<json::Value> values;
    for (const std::string& pattern : found.patterns) {
      const std::string example = example_of(pattern);
      values.insert(values.end(), {example, "x" + example + "x"});
    }
    for (const json::Value& literal : found.literals) add_near(place, literal, values);
    if (place.path == Path{"time"}) add_hours(found, values);
    add_joined(found, values);
    if (!place.list) values.insert(values.end(), {true, false, "x", "", json::Array{}});
    if (place.path == Path{"findings"}) {
      findings(found, dimension);
      return;
    }
    for (json::Value& value : values) {
      if (place.list && !value.is_array()) value = json::Array{std::move(value)};
      push(dimension, {{place.path, std::move(value)}});
    }
    push(dimension, {{place.path, std::nullopt}});
  }

  static void push(Dimension& dimension, Edit edit) {
    if (dimension.edits.size() >= kValuesMax) return;
    if (std::ranges::find(dimension.edits, edit) == dimension.edits.end()) dimension.edits.push_back(std::move(edit));
  }

  static void add_near(const Place& place, const json::Value& literal, std::vector<json::Value>& values) {
    if (literal.is_string()) {
      const std::string& text = literal.as_string();
      values.insert(values.end(), {text, text + "x", "x" + text, "x" + text + "x"});
      if (place.path.front() == "labels") values.emplace_back("group:" + text);
      values.push_back(json::Array{text});
    } else if (literal.is_int()) {
      const std::int64_t integer = literal.as_int();
      values.push_back(integer);
      if (integer > INT64_MIN) values.push_back(integer - 1);
      if (integer < INT64_MAX) values.push_back(integer + 1);
      for (const std::int64_t size : {integer - 1, integer, integer + 1}) {
        if (size >= 0 && size <= kTextOfSizeMax) values.emplace_back(std::string(static_cast<std::size_t>(size), 'x'));
      }
    } else if (literal.is_double()) {
      values.insert(values.end(), {literal, literal.as_double() - 1, literal.as_double() + 1});
    } else {
      values.push_back(literal);
    }
  }

  // Hours and days that an expression compares a part of the time with.
  static void add_hours(const Found& found, std::vector<json::Value>& values) {
    values.clear();
    for (const json::Value& literal : found.literals) {
      if (literal.is_string() && literal.as_string().size() >= 20) values.push_back(literal);
      if (!literal.is_int()) continue;
      for (std::int64_t number = literal.as_int() - 1; number <= literal.as_int() + 1; ++number) {
        if (number < 0 || number > 23) continue;
        const std::string two = (number < 10 ? "0" : "") + std::to_string(number);
        values.emplace_back("2026-01-05T" + two + ":00:00Z");
        values.emplace_back("2026-02-" + (number < 9 ? "0" + std::to_string(number + 1) : std::to_string(number + 1)) +
                            "T12:00:00Z");
      }
    }
  }

  // Two texts of one comparison, one after the other: what is split by one has to be the other.
  static void add_joined(const Found& found, std::vector<json::Value>& values) {
    for (const json::Value& first : found.literals) {
      for (const json::Value& second : found.literals) {
        if (&first == &second || !first.is_string() || !second.is_string() || values.size() >= kValuesMax) continue;
        values.emplace_back("x" + first.as_string() + second.as_string());
      }
    }
  }

  static void findings(const Found& found, Dimension& dimension) {
    for (const json::Value& kind : found.literals) {
      if (!kind.is_string()) continue;
      for (const char* where : {"args", "result"}) {
        push(dimension, {{{"findings"}, json::Array{json::Object{{"kind", kind}, {"where", where}, {"severity", 9}}}}});
      }
    }
    for (const json::Value& severity : found.literals) {
      if (!severity.is_int()) continue;
      for (const std::int64_t one : {severity.as_int() - 1, severity.as_int(), severity.as_int() + 1}) {
        push(dimension,
             {{{"findings"}, json::Array{json::Object{{"kind", "other"}, {"where", "args"}, {"severity", one}}}}});
      }
    }
    push(dimension, {{{"findings"}, json::Array{json::Object{{"kind", "other"}, {"where", "args"}}}}});
    push(dimension, {{{"findings"}, std::nullopt}});
  }

  const cel::Ast& ast_;
  std::map<std::string, json::Value> tables_;
  std::map<std::string, Dimension> dimensions_;
};

}  // namespace

std::vector<Dimension> dimensions_of(const Expression& expression) {
  const auto ast = cel::parse(expression.text());
  if (!ast) return {};
  return Walker(expression, *ast).walk();
}

}  // namespace agentos::policy::tools
