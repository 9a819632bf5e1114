// Compiling, and what can be said about an expression: what an index can hang on, and its parts one by one.
#include "lib/policy/expression.h"

#include <optional>

#include "lib/policy/attributes.h"
#include "lib/policy/cel/program.h"
#include "lib/policy/expression_state.h"
#include "lib/policy/form_functions.h"
#include "lib/policy/form_shown.h"
#include "lib/policy/limits.h"
#include "lib/policy/request_view.h"
#include "lib/policy/value_json.h"

namespace agentos::policy {
namespace {

using cel::NodeId;
using cel::Value;

// The variables of one evaluation.
class RequestActivation final : public cel::Activation {
 public:
  RequestActivation(const Attributes& attributes, const json::Value& tables, ExpressionState& state)
      : attributes_(attributes), tables_(tables), state_(state), arguments_(attributes.args_shape.get(), nullptr) {}

 protected:
  Value load(std::uint32_t slot, cel::Scratch&) const override {
    const Attribute attribute = attributes_.of_slot[slot];
    if (attribute == Attribute::kTable) return Value::json(tables_);
    if (attribute != Attribute::kArgs) return state_.attribute(attribute);
    const json::Value* object = state_.arguments();
    if (object == nullptr || !object->is_object()) return {};
    if (attributes_.args_shape == nullptr) return Value::json(*object);
    arguments_ = ArgumentsRecord(attributes_.args_shape.get(), &object->as_object());
    return Value::record(arguments_);
  }

 private:
  const Attributes& attributes_;
  const json::Value& tables_;
  ExpressionState& state_;
  mutable ArgumentsRecord arguments_;
};

void conjuncts(const cel::Ast& ast, NodeId id, std::vector<NodeId>& found) {
  const cel::Node& node = ast[id];
  if (node.kind != cel::NodeKind::kCall || node.name != cel::operators::kAnd) {
    found.push_back(id);
    return;
  }
  for (NodeId argument : node.arguments) conjuncts(ast, argument, found);
}

bool add_literal(const cel::Node& node, Equality& equality) {
  if (node.kind != cel::NodeKind::kLiteral) return false;
  if (const auto* text = std::get_if<std::string>(&node.literal)) {
    equality.texts.push_back(*text);
    return true;
  }
  if (const auto* integer = std::get_if<std::int64_t>(&node.literal)) {
    equality.integers.push_back(*integer);
    return true;
  }
  return false;
}

std::optional<Equality> equality_of(const cel::Ast& ast, NodeId id) {
  const cel::Node& node = ast[id];
  if (node.kind != cel::NodeKind::kCall || node.arguments.size() != 2) return std::nullopt;
  NodeId left = node.arguments[0], right = node.arguments[1];
  Equality equality;
  if (node.name == cel::operators::kEqual) {
    if (ast[left].kind == cel::NodeKind::kLiteral) std::swap(left, right);
    if (!add_literal(ast[right], equality)) return std::nullopt;
  } else if (node.name == cel::operators::kIn) {
    if (ast[right].kind != cel::NodeKind::kList || ast[right].entries.empty()) return std::nullopt;
    for (const cel::Entry& entry : ast[right].entries) {
      if (entry.optional || !add_literal(ast[entry.value], equality)) return std::nullopt;
    }
  } else {
    return std::nullopt;
  }
  const auto path = cel::attribute_path(ast, left);
  if (!path) return std::nullopt;
  equality.attribute = path->to_string();
  // An integer equals a double of the same value, which the index would not find.
  if (!equality.integers.empty() && !ast[left].type.is(cel::TypeKind::kInt)) return std::nullopt;
  return equality;
}

std::optional<ArgumentPattern> pattern_of(const cel::Ast& ast, NodeId id) {
  const cel::Node& node = ast[id];
  if (node.kind != cel::NodeKind::kCall || node.name != "matches") return std::nullopt;
  std::vector<NodeId> operands = node.arguments;
  if (node.operand != cel::kNoNode) operands.insert(operands.begin(), node.operand);
  if (operands.size() != 2 || ast[operands[1]].kind != cel::NodeKind::kLiteral) return std::nullopt;
  const auto path = cel::attribute_path(ast, operands[0]);
  const auto* pattern = std::get_if<std::string>(&ast[operands[1]].literal);
  if (!path || path->variable != "args" || path->fields.size() != 1 || pattern == nullptr) return std::nullopt;
  return ArgumentPattern{path->fields[0], *pattern};
}

// Of a literal, and of what is just not it.
void add_values_near(const cel::Node& literal, std::vector<json::Value>& values) {
  if (const auto* text = std::get_if<std::string>(&literal.literal)) {
    values.push_back(*text);
    values.push_back(*text + "x");
  } else if (const auto* integer = std::get_if<std::int64_t>(&literal.literal)) {
    values.push_back(*integer);
    if (*integer > INT64_MIN) values.push_back(*integer - 1);
    if (*integer < INT64_MAX) values.push_back(*integer + 1);
  } else if (const auto* number = std::get_if<double>(&literal.literal)) {
    values.push_back(*number);
    values.push_back(*number - 1);
    values.push_back(*number + 1);
  } else if (const auto* truth = std::get_if<bool>(&literal.literal)) {
    values.push_back(*truth);
  }
}

// The argument a node reads, possibly through a function of it such as size(): "args.NAME" gives NAME.
std::string argument_of(const cel::Ast& ast, NodeId id) {
  const auto path = cel::attribute_path(ast, id);
  if (!path || path->variable != "args" || path->fields.size() != 1) return {};
  return path->fields[0];
}

std::string sentence_of(const Value& value) {
  const cel::EvaluationError& error = value.evaluation_error();
  std::string sentence(error.message);
  if (error.line != 0) sentence += " at " + std::to_string(error.line) + ":" + std::to_string(error.column);
  return sentence;
}

class CompiledExpression final : public Expression {
 public:
  CompiledExpression(cel::Program program, Attributes attributes, std::shared_ptr<const json::Value> tables)
      : program_(std::move(program)),
        attributes_(std::move(attributes)),
        tables_(std::move(tables)),
        text_(cel::to_text(program_.ast())) {
    std::vector<NodeId> nodes;
    policy::conjuncts(program_.ast(), program_.ast().root(), nodes);
    for (NodeId node : nodes) {
      if (auto equality = equality_of(program_.ast(), node)) equalities_.push_back(std::move(*equality));
      if (auto pattern = pattern_of(program_.ast(), node)) patterns_.push_back(std::move(*pattern));
    }
  }

  Truth holds(RequestView& view) const override {
    ExpressionState& state = view.state();
    const RequestActivation activation(attributes_, *tables_, state);
    return truth_of(program_.evaluate(activation, state.scratch()), view);
  }

  Result<json::Value> value(RequestView& view) const override {
    ExpressionState& state = view.state();
    const RequestActivation activation(attributes_, *tables_, state);
    const Value value = program_.evaluate(activation, state.scratch());
    if (value.is_error()) return fail(ErrorCode::kInvalidArgument, sentence_of(value));
    return value_to_json(value, state.scratch());
  }

  const std::string& text() const override { return text_; }
  std::span<const Equality> equalities() const override { return equalities_; }
  std::span<const ArgumentPattern> patterns() const override { return patterns_; }
  std::vector<std::string> reads() const override {
    std::vector<std::string> paths;
    for (const cel::AttributePath& path : program_.reads()) paths.push_back(path.to_string());
    return paths;
  }

  std::vector<Part> parts(RequestView& view) const override {
    std::vector<NodeId> nodes;
    policy::conjuncts(program_.ast(), program_.ast().root(), nodes);
    std::vector<Part> parts;
    for (NodeId node : nodes) parts.push_back(part(cel::to_text(program_.ast(), node), view));
    return parts;
  }

  std::vector<std::shared_ptr<const Expression>> conjuncts() const override {
    std::vector<NodeId> nodes;
    policy::conjuncts(program_.ast(), program_.ast().root(), nodes);
    std::vector<std::shared_ptr<const Expression>> made;
    for (NodeId node : nodes) {
      auto compiled = cel::compile(cel::to_text(program_.ast(), node), attributes_.environment);
      if (compiled) made.push_back(std::make_shared<CompiledExpression>(std::move(*compiled), attributes_, tables_));
    }
    return made;
  }

  std::vector<std::pair<std::string, json::Value>> candidates() const override {
    std::vector<std::pair<std::string, json::Value>> found;
    const cel::Ast& ast = program_.ast();
    for (NodeId id = 0; id < ast.size(); ++id) {
      if (ast[id].kind != cel::NodeKind::kCall || found.size() > kCandidatesMax) continue;
      std::vector<NodeId> operands = ast[id].arguments;
      if (ast[id].operand != cel::kNoNode) operands.push_back(ast[id].operand);
      std::vector<json::Value> values;
      for (NodeId operand : operands) {
        if (ast[operand].kind == cel::NodeKind::kLiteral) add_values_near(ast[operand], values);
        if (ast[operand].kind != cel::NodeKind::kList) continue;
        for (const cel::Entry& entry : ast[operand].entries) add_values_near(ast[entry.value], values);
      }
      for (NodeId operand : operands) {
        add_form_candidates(ast, operand, ast[id].name, values, found);
        const std::string argument = argument_of(ast, operand);
        if (argument.empty()) continue;
        for (const json::Value& value : values) found.emplace_back(argument, value);
        if (ast[operand].type.is(cel::TypeKind::kBool)) {
          found.emplace_back(argument, true);
          found.emplace_back(argument, false);
        }
      }
    }
    return found;
  }

 private:
  static constexpr std::size_t kCandidatesMax = 256;

  static Truth truth_of(const Value& value, RequestView& view) {
    if (value.is(cel::ValueKind::kBool)) return value.as_bool() ? Truth::kTrue : Truth::kFalse;
    if (value.is_error()) {
      view.fail_with(sentence_of(value));
    } else {
      view.fail_with("the expression is neither true nor false");
    }
    return Truth::kError;
  }

  Part part(std::string text, RequestView& view) const {
    Part made;
    made.text = std::move(text);
    auto compiled = cel::compile(made.text, attributes_.environment);
    if (!compiled) {
      made.truth = Truth::kError;
      made.failure = "cannot be shown on its own";
      return made;
    }
    ExpressionState& state = view.state();
    const RequestActivation activation(attributes_, *tables_, state);
    RequestView own(view.request());
    made.truth = truth_of(compiled->evaluate(activation, state.scratch()), own);
    made.failure = own.failure();
    std::vector<std::string> shown = forms_shown(compiled->ast());
    for (const cel::AttributePath& path : compiled->reads()) shown.push_back(path.to_string());
    for (const std::string& name : shown) {
      auto reading = cel::compile(name, attributes_.environment);
      if (!reading) continue;
      const Value value = reading->evaluate(activation, state.scratch());
      auto shown = value.is_error() ? Result<json::Value>(json::Value()) : value_to_json(value, state.scratch());
      made.actual.emplace_back(name, shown ? std::move(*shown) : json::Value());
    }
    return made;
  }

  cel::Program program_;
  Attributes attributes_;
  std::shared_ptr<const json::Value> tables_;
  std::string text_;
  std::vector<Equality> equalities_;
  std::vector<ArgumentPattern> patterns_;
};

}  // namespace

std::expected<std::shared_ptr<const Expression>, std::vector<ExpressionIssue>> compile_expression(
    std::string_view text, Attributes attributes, std::shared_ptr<const json::Value> tables, Wanted wanted) {
  auto program = cel::compile(text, attributes.environment, {.source_bytes_max = kExpressionBytesMax});
  if (program) {
    // A literal that is no pattern would fail whenever it is asked about.
    if (auto issues = pattern_issues(program->ast()); !issues.empty()) program = std::unexpected(std::move(issues));
  }
  if (!program) {
    std::vector<ExpressionIssue> issues;
    for (const cel::Issue& issue : program.error()) {
      ExpressionIssue made{issue.line, issue.column, issue.message, issue.hint};
      // "unknown variable 'result'": tell where there is one of that name.
      for (const char* name : {"args", "findings", "result", "tool", "call"}) {
        if (issue.message.find("'" + std::string(name) + "'") == std::string::npos) continue;
        if (attributes.environment.find_variable(name)) continue;
        made.hint = where_known(name);
      }
      issues.push_back(std::move(made));
    }
    return std::unexpected(std::move(issues));
  }
  const cel::TypeKind kind = program->type().kind();
  if (wanted == Wanted::kCondition && kind != cel::TypeKind::kBool && kind != cel::TypeKind::kDyn) {
    return std::unexpected(std::vector<ExpressionIssue>{
        {1, 1, "a condition is true or false, but this is a " + program->type().to_string(),
         "compare it with something"}});
  }
  return std::make_shared<const CompiledExpression>(std::move(*program), std::move(attributes), std::move(tables));
}

}  // namespace agentos::policy
