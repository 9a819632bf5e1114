// One test: declare, parse, check, evaluate, compare. What needs protobuf messages or enums is excluded.
#include "apps/cel_conformance/outcome.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include "apps/cel_conformance/convert.h"
#include "lib/policy/cel/program.h"

namespace agentos::cel_conformance {
namespace {

// An Outcome's reason from an error: excluded when the error says that something is needed that is not here.
Outcome from_error(const Error& error) {
  return {.verdict = error.code == ErrorCode::kUnsupported ? Verdict::kExcluded : Verdict::kFailed,
          .reason = error.message};
}

Outcome failed(std::string reason) { return {.verdict = Verdict::kFailed, .reason = std::move(reason)}; }

// Words that no expression reads as a variable, whatever a test declares.
bool is_literal(std::string_view name) { return name == "true" || name == "false" || name == "null"; }

// Variables and functions that a test declares, and the values it binds.
struct Surroundings {
  cel::Environment environment;
  cel::Scratch scratch;
  std::vector<cel::Value> values;  // by slot

  Status declare(const Field& test);
  Status declare_function(const Field& declaration);
  Status bind(const Field& test);
};

Status Surroundings::declare_function(const Field& declaration) {
  cel::Function function{std::string(declaration.text_of("name")), {}};
  for (const Field& each : declaration.find("function")->fields) {
    if (each.name != "overloads") continue;
    cel::Overload overload{.id = std::string(each.text_of("overload_id"))};
    if (each.text_of("is_instance_function") == "true") overload.style = cel::CallStyle::kMember;
    for (const Field& part : each.fields) {
      if (part.name == "params") overload.parameters.push_back(TRY(type_of(part)));
      if (part.name == "result_type") overload.result = TRY(type_of(part));
    }
    function.overloads.push_back(std::move(overload));
  }
  return environment.add_function(std::move(function));
}

Status Surroundings::declare(const Field& test) {
  environment.enable_block_macros();
  environment.set_container(std::string(test.text_of("container")));
  for (const Field& declaration : test.fields) {
    if (declaration.name != "type_env") continue;
    if (is_literal(declaration.text_of("name"))) continue;
    if (declaration.find("function") != nullptr) {
      TRY(declare_function(declaration));
    } else if (const Field* identifier = declaration.find("ident")) {
      const Field* type = identifier->find("type");
      if (type == nullptr) return fail(ErrorCode::kMalformed, "a declaration without a type");
      TRY(environment.add_variable(std::string(declaration.text_of("name")), TRY(type_of(*type))));
    }
  }
  return bind(test);
}

Status Surroundings::bind(const Field& test) {
  for (const Field& binding : test.fields) {
    if (binding.name != "bindings") continue;
    const std::string_view name = binding.text_of("key");
    if (is_literal(name)) continue;
    const Field* outer = binding.find("value");
    const Field* value = outer == nullptr ? nullptr : outer->find("value");
    if (outer != nullptr && outer->find("unknown") != nullptr)
      return fail(ErrorCode::kUnsupported, "needs unknown values");
    if (value == nullptr) return fail(ErrorCode::kMalformed, "a binding without a value");
    const cel::Value bound = TRY(value_of(*value, scratch));
    auto slot = environment.find_variable(name);
    if (!slot) slot = TRY(environment.add_variable(std::string(name), cel::Type::dyn()));
    values.resize(std::max(values.size(), std::size_t{*slot} + 1));
    values[*slot] = bound;
  }
  return {};
}

// Why an expression needs protobuf types, or nothing: it makes a message, or names a type or enum of the suite's.
std::string protobuf_needed(const cel::Ast& ast, std::string_view container) {
  constexpr std::string_view kSuite = "cel.expr.conformance.";
  for (cel::NodeId id = 0; id < ast.size(); ++id) {
    const cel::Node& node = ast[id];
    if (node.kind == cel::NodeKind::kStruct) return fmt::format("makes the protobuf message {}", node.name);
    if (node.kind == cel::NodeKind::kCall && node.operand != cel::kNoNode && ast[node.operand].name == "proto" &&
        (node.name == "hasExt" || node.name == "getExt"))
      return fmt::format("needs protobuf extensions: proto.{}", node.name);
    if (node.kind != cel::NodeKind::kIdentifier && node.kind != cel::NodeKind::kSelect &&
        !(node.kind == cel::NodeKind::kCall && node.operand == cel::kNoNode))
      continue;
    const bool in_suite =
        container.starts_with(kSuite.substr(0, kSuite.size() - 1)) || cel::to_text(ast, id).starts_with(kSuite);
    for (const std::string_view name : {"TestAllTypes", "NestedTestAllTypes", "GlobalEnum", "NestedEnum"})
      if (in_suite && node.name == name) return fmt::format("names the protobuf type {}", name);
    if (node.kind == cel::NodeKind::kIdentifier && node.name == "google") {
      // google.protobuf.Timestamp and Duration are types of the language.
      for (cel::NodeId other = 0; other < ast.size(); ++other) {
        const std::string text = ast[other].kind == cel::NodeKind::kSelect ? cel::to_text(ast, other) : "";
        if (text.starts_with("google.protobuf.NullValue")) return "names the protobuf enum google.protobuf.NullValue";
      }
    }
  }
  return {};
}

bool expects_error(const Field& test) {
  return test.find("eval_error") != nullptr || test.find("any_eval_errors") != nullptr;
}

Outcome compare_type(const Field& expected, const cel::Type& deduced) {
  const auto type = type_of(expected);
  if (!type) return from_error(type.error());
  if (*type == deduced) return {};
  return failed(fmt::format("deduced {}, expected {}", deduced.to_string(), type->to_string()));
}

Outcome compare_value(const Field& test, cel::Value result, Surroundings& surroundings) {
  if (expects_error(test)) {
    return result.is_error() ? Outcome{}
                             : failed(fmt::format("gave {}, expected an error", shown(result, surroundings.scratch)));
  }
  const Field* expected = test.find("value");
  if (const Field* typed = test.find("typed_result")) expected = typed->find("result");
  cel::Value wanted = cel::Value::boolean(true);
  if (expected != nullptr) {
    const auto value = value_of(*expected, surroundings.scratch);
    if (!value) return from_error(value.error());
    wanted = *value;
  }
  if (same_value(result, wanted, surroundings.scratch)) return {};
  return failed(
      fmt::format("gave {}, expected {}", shown(result, surroundings.scratch), shown(wanted, surroundings.scratch)));
}

Outcome refused(const Field& test, const std::vector<cel::Issue>& issues) {
  if (expects_error(test)) return {};
  std::string text;
  for (const cel::Issue& issue : issues) text += (text.empty() ? "" : " | ") + issue.to_string();
  return failed("does not compile: " + text);
}

// The tree checked as the test asks for, with the deduced type compared.
Outcome check_tree(const Field& test, const Surroundings& surroundings, cel::Ast& ast) {
  if (test.text_of("disable_check") == "true") return {};
  auto checked = cel::check(std::move(ast), surroundings.environment);
  if (!checked) {
    Outcome outcome = refused(test, checked.error());
    if (outcome.verdict == Verdict::kPassed) outcome.reason = "refused";
    return outcome;
  }
  ast = std::move(*checked);
  const Field* typed = test.find("typed_result");
  const Field* deduced = typed == nullptr ? nullptr : typed->find("deduced_type");
  return deduced == nullptr ? Outcome{} : compare_type(*deduced, ast[ast.root()].type);
}

Outcome run_declared(const Field& test, Surroundings& surroundings) {
  const cel::Macros macros = test.text_of("disable_macros") == "true" ? cel::Macros::kNone : cel::Macros::kWithBlocks;
  auto ast = cel::parse(test.text_of("expr"), {}, macros);
  if (!ast) return refused(test, ast.error());
  if (std::string reason = protobuf_needed(*ast, test.text_of("container")); !reason.empty())
    return {.verdict = Verdict::kExcluded, .reason = std::move(reason)};
  if (test.find("unknown") != nullptr || test.find("any_unknowns") != nullptr)
    return {.verdict = Verdict::kExcluded, .reason = "needs unknown values"};
  Outcome outcome = check_tree(test, surroundings, *ast);
  if (outcome.verdict != Verdict::kPassed || !outcome.reason.empty() || test.text_of("check_only") == "true") {
    outcome.reason = outcome.verdict == Verdict::kPassed ? "" : outcome.reason;
    return outcome;
  }
  auto program = cel::compile(std::move(*ast), surroundings.environment);
  if (!program) return refused(test, program.error());
  const cel::Activation activation(surroundings.values);
  return compare_value(test, program->evaluate(activation, surroundings.scratch), surroundings);
}

}  // namespace

Outcome run_test(const Field& test) {
  Surroundings surroundings;
  const Status declared = surroundings.declare(test);
  Outcome outcome = declared ? run_declared(test, surroundings) : from_error(declared.error());
  outcome.test = test.text_of("name");
  return outcome;
}

}  // namespace agentos::cel_conformance
