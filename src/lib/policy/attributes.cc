// Shapes of the records, and the type of `args` from the table of calls and from JSON Schemas.
//
// Members of nested objects are checked by name but not by type: what is inside of an argument has passed no schema
// when a call is decided. Numbers inside of them may be integers or not.
#include "lib/policy/attributes.h"

#include <algorithm>
#include <map>

#include "lib/policy/form_functions.h"

namespace agentos::policy {
namespace {

using cel::Field;
using cel::Presence;
using cel::RecordShape;
using cel::Type;
using SharedShape = std::shared_ptr<const RecordShape>;

constexpr int kSchemaDepthMax = 8;

Type json_map() { return Type::map(Type::string(), Type::dyn()); }

Type type_of_field(const abi::FieldInfo& field) {
  switch (field.type) {
    case abi::Type::kBoolean:
      return Type::boolean();
    case abi::Type::kInteger:
      return Type::integer();
    case abi::Type::kNumber:
      return Type::floating();
    case abi::Type::kText:
      return Type::string();
    case abi::Type::kList:
      return Type::list(Type::dyn());
    case abi::Type::kStruct:
      return json_map();
    case abi::Type::kJson:
      return field.rules.json_object ? json_map() : Type::dyn();
    case abi::Type::kBytes:
      break;  // text, or {"base64": ...}
  }
  return Type::dyn();
}

Type type_of_schema(const json::Value& schema, int depth);

// The record an object schema describes; a map when it leaves open what else there may be.
Type record_of_schema(const json::Value& schema, std::string name, int depth) {
  const json::Value* properties = schema.find("properties");
  const json::Value* additional = schema.find("additionalProperties");
  const bool closed = additional != nullptr && additional->is_bool() && !additional->as_bool();
  if (properties == nullptr || !properties->is_object() || depth > kSchemaDepthMax || (depth > 0 && !closed)) {
    return json_map();
  }
  const json::Value* required = schema.find("required");
  std::vector<Field> fields;
  for (const auto& [member, type] : properties->as_object()) {
    const bool always = required != nullptr && required->is_array() &&
                        std::ranges::find(required->as_array(), json::Value(member)) != required->as_array().end();
    fields.push_back({member, type_of_schema(type, depth + 1), always ? Presence::kAlways : Presence::kMayBeAbsent});
  }
  return Type::record(std::make_shared<const RecordShape>(std::move(name), std::move(fields)));
}

Type type_of_schema(const json::Value& schema, int depth) {
  const json::Value* type = schema.is_object() ? schema.find("type") : nullptr;
  if (type == nullptr || !type->is_string()) return Type::dyn();
  const std::string& word = type->as_string();
  if (word == "object") return record_of_schema(schema, "object", depth);
  if (word == "array") return Type::list(Type::dyn());
  if (depth > 1) return Type::dyn();
  if (word == "string") return Type::string();
  if (word == "boolean") return Type::boolean();
  if (word == "integer") return Type::integer();
  if (word == "number") return Type::floating();
  return Type::dyn();
}

// Fields that several calls or tools have: of one type, or dyn; absent where one of them lacks it.
class Union {
 public:
  void add(std::span<const Field> fields) {
    ++sources_;
    for (const Field& field : fields) {
      auto [found, fresh] = fields_.try_emplace(field.name, Seen{field, 0});
      if (!fresh && !(found->second.field.type == field.type)) found->second.field.type = Type::dyn();
      if (field.presence == Presence::kMayBeAbsent) found->second.field.presence = Presence::kMayBeAbsent;
      ++found->second.times;
    }
  }
  SharedShape shape() const {
    std::vector<Field> fields;
    for (const auto& [name, seen] : fields_) {
      fields.push_back(seen.field);
      if (seen.times < sources_) fields.back().presence = Presence::kMayBeAbsent;
    }
    return std::make_shared<const RecordShape>("args", std::move(fields));
  }

 private:
  struct Seen {
    Field field;
    int times;
  };
  std::map<std::string, Seen> fields_;
  int sources_ = 0;
};

bool add_tools(const Vocabulary& vocabulary, const Selector& selector, Union& all) {
  if (selector.tools.empty()) return false;
  for (const Glob& tool : selector.tools) {
    if (!tool.is_literal()) return false;
    const auto known = std::ranges::find(vocabulary.tools, tool.pattern(), &Vocabulary::Tool::name);
    if (known == vocabulary.tools.end() || !known->input_schema.is_object()) return false;
    const Type type = record_of_schema(known->input_schema, "args", 0);
    if (!type.is(cel::TypeKind::kRecord)) return false;
    all.add(type.shape().fields());
  }
  return true;
}

// Null when the arguments of one of the calls are not known in advance.
SharedShape shape_of_args(const Vocabulary& vocabulary, const Selector& selector) {
  if (selector.any_call) return nullptr;
  Union all;
  for (std::uint16_t number : selector.calls) {
    const auto call = std::ranges::find(vocabulary.calls, number, &Vocabulary::Call::number);
    if (call == vocabulary.calls.end()) return nullptr;
    if (call->name == "exec") {
      if (!add_tools(vocabulary, selector, all)) return nullptr;
      continue;
    }
    if (!call->typed) return nullptr;
    std::vector<Field> fields;
    for (const abi::FieldInfo& field : call->arguments) {
      fields.push_back(
          {std::string(field.name), type_of_field(field), field.required ? Presence::kAlways : Presence::kMayBeAbsent});
    }
    all.add(fields);
  }
  return all.shape();
}

// Values that a document states in `tables`.
Type type_of_data(const json::Value& value) {
  if (value.is_string()) return Type::string();
  if (value.is_bool()) return Type::boolean();
  if (value.is_int()) return Type::integer();
  if (value.is_double()) return Type::floating();
  const auto same = [](auto&& members, auto type_of) {
    Type type = Type::dyn();
    bool first = true;
    for (const auto& member : members) {
      Type one = type_of(member);
      if (!first && !(one == type)) return Type::dyn();
      type = one;
      first = false;
    }
    return type;
  };
  if (value.is_array())
    return Type::list(same(value.as_array(), [](const json::Value& one) { return type_of_data(one); }));
  if (value.is_object()) {
    return Type::map(Type::string(), same(value.as_object(), [](const auto& one) { return type_of_data(one.second); }));
  }
  return Type::dyn();
}

Type type_of_tables(const json::Object& tables) {
  std::vector<Field> fields;
  for (const auto& [name, value] : tables) fields.push_back({name, type_of_data(value), Presence::kAlways});
  return Type::record(std::make_shared<const RecordShape>("table", std::move(fields)));
}

SharedShape make_shape(const char* name, std::vector<Field> fields) {
  return std::make_shared<const RecordShape>(name, std::move(fields));
}

void declare(Attributes& attributes, Attribute attribute, const char* name, Type type) {
  // The names are distinct, so declaring cannot fail.
  if (attributes.environment.add_variable(name, std::move(type))) attributes.of_slot.push_back(attribute);
}

}  // namespace

const SharedShape& agent_shape() {
  static const SharedShape shape =
      make_shape("agent", {{"id", Type::string(), Presence::kAlways},
                           {"name", Type::string(), Presence::kAlways},
                           {"parent", Type::string(), Presence::kMayBeAbsent},
                           {"chain", Type::list(Type::string()), Presence::kAlways},
                           {"groups", Type::list(Type::string()), Presence::kAlways},
                           {"labels", Type::list(Type::string()), Presence::kAlways},
                           {"ring", Type::integer(), Presence::kAlways},
                           {"budget", Type::map(Type::string(), Type::integer()), Presence::kMayBeAbsent},
                           {"trust", Type::floating(), Presence::kMayBeAbsent}});
  return shape;
}

const SharedShape& call_shape() {
  static const SharedShape shape = make_shape("call", {{"name", Type::string(), Presence::kAlways},
                                                       {"number", Type::integer(), Presence::kAlways},
                                                       {"phase", Type::string(), Presence::kAlways},
                                                       {"changes", Type::boolean(), Presence::kAlways},
                                                       {"path", Type::string(), Presence::kMayBeAbsent},
                                                       {"path_to", Type::string(), Presence::kMayBeAbsent},
                                                       {"target", Type::string(), Presence::kMayBeAbsent},
                                                       {"target_parent", Type::string(), Presence::kMayBeAbsent}});
  return shape;
}

const SharedShape& tool_shape() {
  static const SharedShape shape = make_shape("tool", {{"name", Type::string(), Presence::kAlways},
                                                       {"version", Type::string(), Presence::kMayBeAbsent},
                                                       {"server", Type::string(), Presence::kMayBeAbsent},
                                                       {"manifest", json_map(), Presence::kMayBeAbsent}});
  return shape;
}

const SharedShape& result_shape() {
  static const SharedShape shape = make_shape("result", {{"value", Type::dyn(), Presence::kMayBeAbsent},
                                                         {"text", Type::string(), Presence::kMayBeAbsent},
                                                         {"size", Type::integer(), Presence::kAlways},
                                                         {"is_error", Type::boolean(), Presence::kAlways}});
  return shape;
}

const SharedShape& history_shape() {
  static const SharedShape shape =
      make_shape("history", {{"calls", Type::map(Type::string(), Type::integer()), Presence::kAlways}});
  return shape;
}

Attributes attributes_of_agents(const json::Object& tables) {
  Attributes attributes;
  attributes.environment.set_library(form_functions());
  declare(attributes, Attribute::kAgent, "agent", Type::record(agent_shape()));
  declare(attributes, Attribute::kNow, "now", Type::timestamp());
  declare(attributes, Attribute::kLabels, "labels", Type::list(Type::string()));
  declare(attributes, Attribute::kHistory, "history", Type::record(history_shape()));
  declare(attributes, Attribute::kEnv, "env", json_map());
  declare(attributes, Attribute::kTable, "table", type_of_tables(tables));
  return attributes;
}

Attributes attributes_for(const Vocabulary& vocabulary, Phase phase, const Selector& selector,
                          const json::Object& tables) {
  Attributes attributes = attributes_of_agents(tables);
  declare(attributes, Attribute::kCall, "call", Type::record(call_shape()));
  const bool runs_tools =
      selector.any_call || std::ranges::find(selector.call_names, "exec") != selector.call_names.end();
  if (runs_tools) declare(attributes, Attribute::kTool, "tool", Type::record(tool_shape()));
  if (phase == Phase::kList) return attributes;
  static const Type finding = Type::record(make_shape("finding", {{"kind", Type::string(), Presence::kAlways},
                                                                  {"where", Type::string(), Presence::kAlways},
                                                                  {"severity", Type::integer(), Presence::kAlways}}));
  declare(attributes, Attribute::kFindings, "findings", Type::list(finding));
  attributes.args_shape = shape_of_args(vocabulary, selector);
  declare(attributes, Attribute::kArgs, "args",
          attributes.args_shape != nullptr ? Type::record(attributes.args_shape) : json_map());
  if (phase == Phase::kResult) declare(attributes, Attribute::kResult, "result", Type::record(result_shape()));
  return attributes;
}

std::string_view where_known(std::string_view name) {
  if (name == "args" || name == "findings") return "it is known in the phases call, result and subscribe";
  if (name == "result") return "it is known in the phase result";
  if (name == "tool") return "it is known for exec";
  if (name == "call") return "it is known in rules, not in conditions on agents";
  return {};
}

}  // namespace agentos::policy
