// Second pass: each subschema's keywords become instructions, in one fixed order whatever order they were written in.
#include <algorithm>
#include <cmath>

#include "lib/schema/number.h"
#include "lib/schema/program.h"
#include "lib/schema/reference.h"
#include "lib/schema/scan.h"

namespace agentos::schema {

namespace {

class Compiler {
 public:
  Compiler(const json::Value& document, CompiledSchema& program) : scan_(document), program_(program) {}

  Status run() {
    TRY(scan_.run());
    // References may add to what was found while this runs.
    for (std::uint32_t i = 0; i < scan_.found().size(); ++i) TRY(compile(i));
    return check_no_loop();
  }

 private:
  using Compile = Status (Compiler::*)(const json::Value& value, Instruction instruction);
  struct Keyword {
    const char* name;
    Op op;
    Compile compile;
  };
  static const Keyword kKeywords[];

  Status compile(std::uint32_t number);

  Status type(const json::Value& value, Instruction instruction);
  Status values(const json::Value& value, Instruction instruction);
  Status constant(const json::Value& value, Instruction instruction);
  Status number(const json::Value& value, Instruction instruction);
  Status count(const json::Value& value, Instruction instruction);
  Status pattern(const json::Value& value, Instruction instruction);
  Status unique(const json::Value& value, Instruction instruction);
  Status required(const json::Value& value, Instruction instruction);
  Status dependent_required(const json::Value& value, Instruction instruction);
  Status reference(const json::Value& value, Instruction instruction);
  Status list(const json::Value& value, Instruction instruction);
  Status single(const json::Value& value, Instruction instruction);
  Status condition(const json::Value& value, Instruction instruction);
  Status dependent_schemas(const json::Value& value, Instruction instruction);
  Status properties(const json::Value& value, Instruction instruction);
  Status items(const json::Value& value, Instruction instruction);
  Status contains(const json::Value& value, Instruction instruction);
  Status unevaluated(const json::Value& value, Instruction instruction);

  Status check_no_loop() const;
  std::vector<std::vector<std::uint32_t>> same_place_edges() const;

  std::unexpected<Error> refuse(const Instruction& instruction, std::string_view what) const {
    return fail_in_schema(child_pointer(scan_.found()[current_].pointer, instruction.keyword), what);
  }
  void emit(Instruction instruction) { program_.instructions.push_back(instruction); }
  const json::Object& schema() const { return scan_.found()[current_].value->as_object(); }
  std::string below(std::string_view keyword) const { return child_pointer(scan_.found()[current_].pointer, keyword); }
  std::uint32_t child(std::string_view keyword) const {
    return schema().find(keyword) == nullptr ? kNone : scan_.number_of(below(keyword));
  }
  std::uint32_t child(std::string_view keyword, std::string_view key) const {
    return scan_.number_of(child_pointer(below(keyword), key));
  }
  template <class Table>
  static std::uint32_t end_of(const Table& table) {
    return static_cast<std::uint32_t>(table.size());
  }
  Status add_strings(const json::Value& list, const Instruction& instruction);

  Scan scan_;
  CompiledSchema& program_;
  std::uint32_t current_ = 0;
};

const Compiler::Keyword Compiler::kKeywords[] = {
    {"type", Op::kType, &Compiler::type},
    {"const", Op::kConst, &Compiler::constant},
    {"enum", Op::kEnum, &Compiler::values},
    {"multipleOf", Op::kMultipleOf, &Compiler::number},
    {"maximum", Op::kMaximum, &Compiler::number},
    {"exclusiveMaximum", Op::kExclusiveMaximum, &Compiler::number},
    {"minimum", Op::kMinimum, &Compiler::number},
    {"exclusiveMinimum", Op::kExclusiveMinimum, &Compiler::number},
    {"maxLength", Op::kMaxLength, &Compiler::count},
    {"minLength", Op::kMinLength, &Compiler::count},
    {"pattern", Op::kPattern, &Compiler::pattern},
    {"maxItems", Op::kMaxItems, &Compiler::count},
    {"minItems", Op::kMinItems, &Compiler::count},
    {"uniqueItems", Op::kUniqueItems, &Compiler::unique},
    {"maxProperties", Op::kMaxProperties, &Compiler::count},
    {"minProperties", Op::kMinProperties, &Compiler::count},
    {"required", Op::kRequired, &Compiler::required},
    {"dependentRequired", Op::kDependentRequired, &Compiler::dependent_required},
    {"$ref", Op::kRef, &Compiler::reference},
    {"$dynamicRef", Op::kRef, &Compiler::reference},
    {"properties", Op::kProperties, &Compiler::properties},  // each of the three brings in the other two
    {"patternProperties", Op::kProperties, &Compiler::properties},
    {"additionalProperties", Op::kProperties, &Compiler::properties},
    {"propertyNames", Op::kPropertyNames, &Compiler::single},
    {"prefixItems", Op::kItems, &Compiler::items},
    {"items", Op::kItems, &Compiler::items},
    {"contains", Op::kContains, &Compiler::contains},
    {"allOf", Op::kAllOf, &Compiler::list},
    {"anyOf", Op::kAnyOf, &Compiler::list},
    {"oneOf", Op::kOneOf, &Compiler::list},
    {"not", Op::kNot, &Compiler::single},
    {"if", Op::kIf, &Compiler::condition},
    {"dependentSchemas", Op::kDependentSchema, &Compiler::dependent_schemas},
    {"unevaluatedItems", Op::kUnevaluatedItems, &Compiler::unevaluated},
    {"unevaluatedProperties", Op::kUnevaluatedProperties, &Compiler::unevaluated},
};

Status Compiler::compile(std::uint32_t number) {
  current_ = number;
  Subschema subschema;
  subschema.pointer = scan_.found()[number].pointer;
  subschema.first = end_of(program_.instructions);
  const json::Value& value = *scan_.found()[number].value;
  program_.subschemas.push_back(subschema);
  if (value.is_bool()) {
    program_.subschemas[number].kind = value.as_bool() ? Subschema::Kind::kTrue : Subschema::Kind::kFalse;
    return {};
  }
  for (const Keyword& keyword : kKeywords) {
    const json::Value* member = value.find(keyword.name);
    if (member == nullptr) continue;
    Instruction instruction{.op = keyword.op, .keyword = keyword.name};
    TRY((this->*keyword.compile)(*member, instruction));
  }
  const std::uint32_t count = end_of(program_.instructions) - subschema.first;
  program_.subschemas[number].count = count;
  program_.subschemas[number].kind = count == 0 ? Subschema::Kind::kTrue : Subschema::Kind::kChecks;
  return {};
}

Status Compiler::type(const json::Value& value, Instruction instruction) {
  static constexpr std::pair<std::string_view, std::uint32_t> kTypes[] = {
      {"null", kNullType},     {"boolean", kBooleanType}, {"integer", kIntegerType}, {"number", kNumberType},
      {"string", kStringType}, {"array", kArrayType},     {"object", kObjectType}};
  const auto add = [&](const json::Value& name) {
    for (const auto& [text, bit] : kTypes) {
      if (name.is_string() && name.as_string() == text) {
        instruction.first |= bit;
        return true;
      }
    }
    return false;
  };
  bool known = !value.is_array() || !value.as_array().empty();
  if (value.is_array()) {
    for (const json::Value& name : value.as_array()) known = known && add(name);
  } else {
    known = add(value);
  }
  if (!known)
    return refuse(instruction, "must be null, boolean, integer, number, string, array, object, or a list of them");
  emit(instruction);
  return {};
}

Status Compiler::values(const json::Value& value, Instruction instruction) {
  if (!value.is_array()) return refuse(instruction, "must be a list of values");
  instruction.first = end_of(program_.values);
  instruction.count = end_of(value.as_array());
  program_.values.insert(program_.values.end(), value.as_array().begin(), value.as_array().end());
  emit(instruction);
  return {};
}

Status Compiler::constant(const json::Value& value, Instruction instruction) {
  instruction.first = end_of(program_.values);
  program_.values.push_back(value);
  emit(instruction);
  return {};
}

Status Compiler::number(const json::Value& value, Instruction instruction) {
  if (!value.is_number()) return refuse(instruction, "must be a number");
  if (instruction.op == Op::kMultipleOf && value.as_double() <= 0) return refuse(instruction, "must be above zero");
  return constant(value, instruction);
}

Status Compiler::count(const json::Value& value, Instruction instruction) {
  constexpr double kCountMax = 9e15;
  if (!value.is_number() || !is_integral(value) || value.as_double() < 0 || value.as_double() > kCountMax) {
    return refuse(instruction, "must be an integer of 0 or more");
  }
  instruction.number = static_cast<std::uint64_t>(value.as_double());
  emit(instruction);
  return {};
}

Status Compiler::pattern(const json::Value& value, Instruction instruction) {
  if (!value.is_string()) return refuse(instruction, "must be a regular expression in a string");
  auto compiled = Pattern::compile(value.as_string());
  if (!compiled) return refuse(instruction, compiled.error().message);
  instruction.first = end_of(program_.patterns);
  program_.patterns.push_back(std::move(*compiled));
  emit(instruction);
  return {};
}

Status Compiler::unique(const json::Value& value, Instruction instruction) {
  if (!value.is_bool()) return refuse(instruction, "must be true or false");
  if (value.as_bool()) emit(instruction);
  return {};
}

Status Compiler::add_strings(const json::Value& list, const Instruction& instruction) {
  if (!list.is_array()) return refuse(instruction, "must be a list of property names");
  for (const json::Value& name : list.as_array()) {
    if (!name.is_string()) return refuse(instruction, "must be a list of property names");
    program_.strings.push_back(name.as_string());
  }
  return {};
}

Status Compiler::required(const json::Value& value, Instruction instruction) {
  instruction.first = end_of(program_.strings);
  TRY(add_strings(value, instruction));
  instruction.count = end_of(program_.strings) - instruction.first;
  emit(instruction);
  return {};
}

Status Compiler::dependent_required(const json::Value& value, Instruction instruction) {
  if (!value.is_object()) return refuse(instruction, "must be an object of lists of property names");
  for (const auto& [name, needed] : value.as_object()) {
    instruction.other = end_of(program_.strings);
    program_.strings.push_back(name);
    instruction.first = end_of(program_.strings);
    TRY(add_strings(needed, instruction));
    instruction.count = end_of(program_.strings) - instruction.first;
    emit(instruction);
  }
  return {};
}

Status Compiler::reference(const json::Value& value, Instruction instruction) {
  if (!value.is_string()) return refuse(instruction, "must be a string");
  if (std::string_view(instruction.keyword) == "$dynamicRef") {
    const std::string_view reference = value.as_string();
    const std::string_view anchor = reference.substr(std::min(reference.find('#') + 1, reference.size()));
    if (scan_.dynamic_anchors(anchor) > 1) {
      return refuse(instruction, "is unsupported where several schemas have this $dynamicAnchor; use $ref");
    }
  }
  instruction.first = TRY(scan_.resolve(current_, value.as_string()));
  emit(instruction);
  return {};
}

Status Compiler::list(const json::Value& value, Instruction instruction) {
  instruction.first = end_of(program_.targets);
  instruction.count = end_of(value.as_array());
  for (std::uint32_t i = 0; i < instruction.count; ++i) {
    program_.targets.push_back(child(instruction.keyword, std::to_string(i)));
  }
  emit(instruction);
  return {};
}

Status Compiler::single(const json::Value&, Instruction instruction) {
  instruction.first = child(instruction.keyword);
  emit(instruction);
  return {};
}

Status Compiler::condition(const json::Value&, Instruction instruction) {
  instruction.first = child("if");
  instruction.other = child("then");
  instruction.third = child("else");
  emit(instruction);
  return {};
}

Status Compiler::dependent_schemas(const json::Value& value, Instruction instruction) {
  for (const auto& [name, dependent] : value.as_object()) {
    instruction.other = end_of(program_.strings);
    program_.strings.push_back(name);
    instruction.first = child("dependentSchemas", name);
    emit(instruction);
  }
  return {};
}

Status Compiler::properties(const json::Value&, Instruction instruction) {
  const json::Value* const named = schema().find("properties");
  const json::Value* const matched = schema().find("patternProperties");
  const std::string_view written = instruction.keyword;
  const bool first_of_three = written == "properties" || (named == nullptr && written == "patternProperties") ||
                              (named == nullptr && matched == nullptr);
  if (!first_of_three) return {};
  instruction.first = end_of(program_.named);
  if (named != nullptr) {
    for (const auto& [name, schema] : named->as_object()) program_.named.push_back({name, child("properties", name)});
  }
  instruction.count = end_of(program_.named) - instruction.first;
  std::sort(program_.named.begin() + instruction.first, program_.named.end(),
            [](const NamedTarget& a, const NamedTarget& b) { return a.name < b.name; });
  instruction.other = end_of(program_.matched);
  if (matched != nullptr) {
    for (const auto& [expression, schema] : matched->as_object()) {
      auto compiled = Pattern::compile(expression);
      if (!compiled) {
        return fail_in_schema(child_pointer(below("patternProperties"), expression), compiled.error().message,
                              compiled.error().hint);
      }
      program_.matched.push_back({std::move(*compiled), child("patternProperties", expression)});
    }
  }
  instruction.number = end_of(program_.matched) - instruction.other;
  instruction.third = child("additionalProperties");
  emit(instruction);
  return {};
}

Status Compiler::items(const json::Value&, Instruction instruction) {
  const json::Value* const prefix = schema().find("prefixItems");
  if (prefix != nullptr && std::string_view(instruction.keyword) == "items") return {};  // done with prefixItems
  instruction.first = end_of(program_.targets);
  instruction.count = prefix == nullptr ? 0 : end_of(prefix->as_array());
  for (std::uint32_t i = 0; i < instruction.count; ++i) {
    program_.targets.push_back(child("prefixItems", std::to_string(i)));
  }
  instruction.other = child("items");
  emit(instruction);
  return {};
}

Status Compiler::contains(const json::Value&, Instruction instruction) {
  const auto bound = [&](const char* keyword, std::uint64_t fallback) -> Result<std::uint64_t> {
    const json::Value* value = schema().find(keyword);
    if (value == nullptr) return fallback;
    if (!value->is_number() || !is_integral(*value) || value->as_double() < 0 || value->as_double() > UINT32_MAX) {
      return fail_in_schema(below(keyword), "must be an integer of 0 or more");
    }
    return static_cast<std::uint64_t>(value->as_double());
  };
  instruction.first = child("contains");
  instruction.other = static_cast<std::uint32_t>(TRY(bound("minContains", 1)));
  instruction.number = TRY(bound("maxContains", UINT64_MAX));
  emit(instruction);
  return {};
}

Status Compiler::unevaluated(const json::Value&, Instruction instruction) {
  program_.subschemas[current_].tracks = true;
  instruction.first = child(instruction.keyword);
  emit(instruction);
  return {};
}

// From each subschema to those it applies to the same value.
std::vector<std::vector<std::uint32_t>> Compiler::same_place_edges() const {
  std::vector<std::vector<std::uint32_t>> edges(program_.subschemas.size());
  for (std::size_t from = 0; from < edges.size(); ++from) {
    const Subschema& subschema = program_.subschemas[from];
    for (std::uint32_t i = subschema.first; i < subschema.first + subschema.count; ++i) {
      const Instruction& at = program_.instructions[i];
      if (at.op == Op::kRef || at.op == Op::kNot || at.op == Op::kDependentSchema) edges[from].push_back(at.first);
      if (at.op == Op::kIf) {
        for (std::uint32_t to : {at.first, at.other, at.third}) {
          if (to != kNone) edges[from].push_back(to);
        }
      }
      if (at.op == Op::kAllOf || at.op == Op::kAnyOf || at.op == Op::kOneOf) {
        edges[from].insert(edges[from].end(), program_.targets.begin() + at.first,
                           program_.targets.begin() + at.first + at.count);
      }
    }
  }
  return edges;
}

// A subschema that leads back to itself on the same value would never end. What no chain of removals reaches is on such
// a loop or behind one.
Status Compiler::check_no_loop() const {
  const auto edges = same_place_edges();
  std::vector<std::uint32_t> entering(edges.size());
  for (const auto& targets : edges) {
    for (std::uint32_t to : targets) ++entering[to];
  }
  std::vector<std::uint32_t> free;
  for (std::uint32_t i = 0; i < edges.size(); ++i) {
    if (entering[i] == 0) free.push_back(i);
  }
  for (std::size_t at = 0; at < free.size(); ++at) {
    for (std::uint32_t to : edges[free[at]]) {
      if (--entering[to] == 0) free.push_back(to);
    }
  }
  if (free.size() == edges.size()) return {};
  const auto stuck = std::find_if(entering.begin(), entering.end(), [](std::uint32_t count) { return count > 0; });
  return fail_in_schema(program_.subschemas[static_cast<std::size_t>(stuck - entering.begin())].pointer,
                        "is applied to a value again by its own references without end");
}

}  // namespace

Schema::Schema(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
Schema::~Schema() = default;
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;

Result<Schema> Schema::compile(const json::Value& document) {
  auto program = std::make_shared<Program>();
  TRY(Compiler(document, *program).run());
  return Schema(std::move(program));
}

}  // namespace agentos::schema
