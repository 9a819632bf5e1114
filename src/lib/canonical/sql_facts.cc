// The JSON form of facts, written by the parser process and read strictly by whoever asked.
#include "lib/canonical/sql_facts.h"

#include <array>

#include "base/json/value.h"

namespace agentos::canonical {
namespace {

constexpr std::size_t kMembers = 6;
constexpr std::size_t kSentenceBytesMax = 300;
// Two names and a dot.
constexpr std::size_t kSchemaBytesMax = 2 * kSqlNameBytesMax + 1;
constexpr std::uint32_t kHazardsAll = (1U << 18) - 1;

json::Value names_value(const std::vector<SqlName>& names) {
  json::Array array;
  for (const SqlName& name : names) array.emplace_back(json::Array{name.schema, name.name});
  return array;
}

std::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorCode::kMalformed, "the SQL parser's answer is broken: " + std::string(what));
}

Result<const json::Array*> list_of(const json::Value& value, std::string_view key) {
  const json::Value* list = value.find(key);
  if (list == nullptr || !list->is_array() || list->as_array().size() > kSqlNamesMax) return broken(key);
  return &list->as_array();
}

Result<std::vector<SqlName>> read_names(const json::Value& value, std::string_view key) {
  std::vector<SqlName> names;
  for (const json::Value& one : *TRY(list_of(value, key))) {
    if (!one.is_array() || one.as_array().size() != 2) return broken(key);
    const json::Value& schema = one.as_array()[0];
    const json::Value& name = one.as_array()[1];
    if (!schema.is_string() || !name.is_string()) return broken(key);
    if (schema.as_string().size() > kSchemaBytesMax || name.as_string().size() > kSqlNameBytesMax) return broken(key);
    names.push_back({.schema = schema.as_string(), .name = name.as_string()});
  }
  return names;
}

Result<std::vector<std::string>> read_kinds(const json::Value& value) {
  std::vector<std::string> kinds;
  for (const json::Value& one : *TRY(list_of(value, "kinds"))) {
    if (!one.is_string() || one.as_string().size() > kSqlNameBytesMax) return broken("kinds");
    kinds.push_back(one.as_string());
  }
  return kinds;
}

Result<std::uint32_t> read_number(const json::Value& value, std::string_view key, std::int64_t max) {
  const json::Value* number = value.find(key);
  if (number == nullptr || !number->is_int() || number->as_int() < 0 || number->as_int() > max) return broken(key);
  return static_cast<std::uint32_t>(number->as_int());
}

}  // namespace

std::string write_sql_facts(const SqlFacts& facts) {
  json::Array kinds;
  for (const std::string& kind : facts.kinds) kinds.emplace_back(kind);
  return json::write(json::Object{{"statements", facts.statements},
                                  {"kinds", std::move(kinds)},
                                  {"reads", names_value(facts.reads)},
                                  {"writes", names_value(facts.writes)},
                                  {"functions", names_value(facts.functions)},
                                  {"hazards", facts.hazards}});
}

std::string write_sql_error(std::string_view message) {
  return json::write(json::Object{{"error", json::to_valid_utf8(message.substr(0, kSentenceBytesMax))}});
}

Result<SqlFacts> read_sql_facts(std::string_view json_text) {
  const json::Value value =
      TRY(json::parse(json_text, {.bytes_max = kSqlFactsBytesMax, .depth_max = 4, .values_max = 4 * kSqlNamesMax * 4}));
  if (!value.is_object()) return broken("no object");
  if (const json::Value* error = value.find("error"); error != nullptr && value.as_object().size() == 1) {
    if (!error->is_string()) return broken("error");
    return fail(ErrorCode::kMalformed, "the SQL is not read: " + error->as_string(),
                "write one plain PostgreSQL statement");
  }
  if (value.as_object().size() != kMembers) return broken("unknown members");
  SqlFacts facts;
  facts.statements = TRY(read_number(value, "statements", kSqlBytesMax));
  facts.kinds = TRY(read_kinds(value));
  facts.reads = TRY(read_names(value, "reads"));
  facts.writes = TRY(read_names(value, "writes"));
  facts.functions = TRY(read_names(value, "functions"));
  facts.hazards = TRY(read_number(value, "hazards", kHazardsAll));
  return facts;
}

std::string describe_sql_hazards(std::uint32_t hazards) {
  constexpr std::array<std::string_view, 18> kNames = {
      "ddl",  "dcl",  "copy_file", "copy_program", "do",          "code",
      "load", "set",  "set_role",  "system",       "transaction", "prepared",
      "call", "lock", "notify",    "maintenance",  "foreign",     "server_function"};
  std::string text;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((hazards >> i & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[i];
  }
  return text;
}

}  // namespace agentos::canonical
