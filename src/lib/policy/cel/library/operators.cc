// The operators and what is not tied to one type, as overloads.
#include <array>

#include "lib/policy/cel/ast.h"
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/run/containers.h"
#include "lib/policy/cel/run/operations.h"

namespace agentos::cel {
namespace {

template <Value (*operation)(Scratch&, Value, Value)>
Value binary(const CallContext& context, Arguments arguments) {
  return operation(context.scratch, arguments[0], arguments[1]);
}

Value negated(const CallContext& context, Arguments arguments) { return negate(context.scratch, arguments[0]); }
Value inverted(const CallContext&, Arguments arguments) { return Value::boolean(!arguments[0].as_bool()); }
Value identity(const CallContext&, Arguments arguments) { return arguments[0]; }
Value type_of(const CallContext&, Arguments arguments) { return Value::type_name(type_name_of(arguments[0])); }
Value size(const CallContext& context, Arguments arguments) { return size_of(context.scratch, arguments[0]); }

void add_arithmetic(Rows& rows) {
  constexpr auto kGlobal = CallStyle::kGlobal;
  const auto add_rows = [&](std::string_view name, NativeFunction function,
                            std::initializer_list<std::array<std::string_view, 3>> forms) {
    for (const auto& [id, parameters, result] : forms)
      rows.push_back({id, name, kGlobal, parameters, result, function});
  };
  add_rows(operators::kAdd, binary<add>,
           {{"add_int64", "int,int", "int"},
            {"add_uint64", "uint,uint", "uint"},
            {"add_double", "double,double", "double"},
            {"add_string", "string,string", "string"},
            {"add_bytes", "bytes,bytes", "bytes"},
            {"add_list", "list(A),list(A)", "list(A)"},
            {"add_timestamp_duration", "timestamp,duration", "timestamp"},
            {"add_duration_timestamp", "duration,timestamp", "timestamp"},
            {"add_duration_duration", "duration,duration", "duration"}});
  add_rows(operators::kSubtract, binary<subtract>,
           {{"subtract_int64", "int,int", "int"},
            {"subtract_uint64", "uint,uint", "uint"},
            {"subtract_double", "double,double", "double"},
            {"subtract_timestamp_timestamp", "timestamp,timestamp", "duration"},
            {"subtract_timestamp_duration", "timestamp,duration", "timestamp"},
            {"subtract_duration_duration", "duration,duration", "duration"}});
  add_rows(operators::kMultiply, binary<multiply>,
           {{"multiply_int64", "int,int", "int"},
            {"multiply_uint64", "uint,uint", "uint"},
            {"multiply_double", "double,double", "double"}});
  add_rows(operators::kDivide, binary<divide>,
           {{"divide_int64", "int,int", "int"},
            {"divide_uint64", "uint,uint", "uint"},
            {"divide_double", "double,double", "double"}});
  add_rows(operators::kModulo, binary<modulo>,
           {{"modulo_int64", "int,int", "int"}, {"modulo_uint64", "uint,uint", "uint"}});
  add_rows(operators::kNegate, negated, {{"negate_int64", "int", "int"}, {"negate_double", "double", "double"}});
}

// less_int64_uint64 and its like: numbers of all kinds compare with each other.
void add_comparisons(Rows& rows) {
  struct Kind {
    std::string_view type, id;
  };
  static constexpr std::array<Kind, 8> kKinds = {{{"int", "int64"},
                                                  {"uint", "uint64"},
                                                  {"double", "double"},
                                                  {"bool", "bool"},
                                                  {"string", "string"},
                                                  {"bytes", "bytes"},
                                                  {"timestamp", "timestamp"},
                                                  {"duration", "duration"}}};
  static constexpr std::array<Kind, 4> kOperators = {{{operators::kLess, "less"},
                                                      {operators::kLessEqual, "less_equals"},
                                                      {operators::kGreater, "greater"},
                                                      {operators::kGreaterEqual, "greater_equals"}}};
  static auto& texts = *new std::vector<std::unique_ptr<std::string>>;  // what the rows' views point to
  const auto keep = [&](std::string text) -> std::string_view {
    return *texts.emplace_back(std::make_unique<std::string>(std::move(text)));
  };
  for (const Kind& op : kOperators) {
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      for (std::size_t j = 0; j < kKinds.size(); ++j) {
        if (i != j && (i > 2 || j > 2)) continue;
        std::string id = std::string(op.id) + "_" + std::string(kKinds[i].id);
        if (i != j) id += "_" + std::string(kKinds[j].id);
        rows.push_back({keep(std::move(id)), op.type, CallStyle::kGlobal,
                        keep(std::string(kKinds[i].type) + "," + std::string(kKinds[j].type)), "bool", nullptr});
      }
    }
  }
}

}  // namespace

Rows operator_rows() {
  constexpr auto kGlobal = CallStyle::kGlobal;
  constexpr auto kMember = CallStyle::kMember;
  Rows rows = {
      {"logical_and", operators::kAnd, kGlobal, "bool,bool", "bool", nullptr},
      {"logical_or", operators::kOr, kGlobal, "bool,bool", "bool", nullptr},
      {"logical_not", operators::kNot, kGlobal, "bool", "bool", inverted},
      {"not_strictly_false", operators::kNotStrictlyFalse, kGlobal, "bool", "bool", nullptr},
      {"conditional", operators::kConditional, kGlobal, "bool,A,A", "A", nullptr},
      {"equals", operators::kEqual, kGlobal, "A,A", "bool", nullptr},
      {"not_equals", operators::kNotEqual, kGlobal, "A,A", "bool", nullptr},
      {"in_list", operators::kIn, kGlobal, "A,list(A)", "bool", nullptr},
      {"in_map", operators::kIn, kGlobal, "A,map(A,B)", "bool", nullptr},
      {"index_list", operators::kIndex, kGlobal, "list(A),int", "A", nullptr},
      {"index_map", operators::kIndex, kGlobal, "map(A,B),A", "B", nullptr},
      {"optional_list_index_int", operators::kIndex, kGlobal, "optional(list(A)),int", "optional(A)", nullptr},
      {"optional_map_index_value", operators::kIndex, kGlobal, "optional(map(A,B)),A", "optional(B)", nullptr},
      {"list_optindex_optional_int", operators::kOptionalIndex, kGlobal, "list(A),int", "optional(A)", nullptr},
      {"optional_list_optindex_optional_int", operators::kOptionalIndex, kGlobal, "optional(list(A)),int",
       "optional(A)", nullptr},
      {"map_optindex_optional_value", operators::kOptionalIndex, kGlobal, "map(A,B),A", "optional(B)", nullptr},
      {"optional_map_optindex_optional_value", operators::kOptionalIndex, kGlobal, "optional(map(A,B)),A",
       "optional(B)", nullptr},
      {"map_insert_key_value", "cel.@mapInsert", kGlobal, "map(A,B),A,B", "map(A,B)", nullptr},
      {"map_insert_map", "cel.@mapInsert", kGlobal, "map(A,B),map(A,B)", "map(A,B)", nullptr},
      {"type", "type", kGlobal, "A", "type(A)", type_of},
      {"to_dyn", "dyn", kGlobal, "A", "dyn", identity},
      {"size_string", "size", kGlobal, "string", "int", size},
      {"size_bytes", "size", kGlobal, "bytes", "int", size},
      {"size_list", "size", kGlobal, "list(A)", "int", size},
      {"size_map", "size", kGlobal, "map(A,B)", "int", size},
      {"string_size", "size", kMember, "string", "int", size},
      {"bytes_size", "size", kMember, "bytes", "int", size},
      {"list_size", "size", kMember, "list(A)", "int", size},
      {"map_size", "size", kMember, "map(A,B)", "int", size},
  };
  add_arithmetic(rows);
  add_comparisons(rows);
  return rows;
}

}  // namespace agentos::cel
