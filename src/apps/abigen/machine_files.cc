// The files other programs read: schema.json, policy_vocabulary.json, mcp_tools.json and numbers.txt.
#include <fmt/format.h>

#include <bit>

#include "abi/codes.h"
#include "abi/table.h"
#include "apps/abigen/generators.h"
#include "apps/abigen/json_schema.h"
#include "apps/abigen/words.h"

namespace agentos::abigen {
namespace {

using abi::FieldInfo;
using abi::Row;

constexpr std::string_view kDialect = "https://json-schema.org/draft/2020-12/schema";

json::Object call_entry(const Row& row) {
  json::Array errors;
  for (ErrorCode code : row.errors) errors.push_back(abi::error_info(code).name);
  return json::Object{{"number", row.number},
                      {"summary", row.summary},
                      {"subject", name_of(row.subject)},
                      {"right", row.right_name},
                      {"effect", name_of(row.effect)},
                      {"waits", row.waits},
                      {"support", name_of(row.support)},
                      {"request", json::Object{{"$ref", reference_to(row.request.info->name, Nested::kReferenced)}}},
                      {"reply", json::Object{{"$ref", reference_to(row.reply.info->name, Nested::kReferenced)}}},
                      {"errors", std::move(errors)}};
}

json::Object error_entries() {
  json::Object entries;
  for (const abi::ErrorInfo& error : abi::errors()) {
    entries.append(std::string(error.name), json::Object{{"code", error.code},
                                                         {"jsonrpc", error.jsonrpc},
                                                         {"http", error.http},
                                                         {"exit", error.exit},
                                                         {"sentence", error.sentence}});
  }
  return entries;
}

json::Object right_entries() {
  json::Object entries;
  for (const abi::RightInfo& right : abi::rights()) {
    json::Array rings;
    for (int ring = 0; ring <= 3; ++ring) {
      if ((right.rings >> ring) & 1u) rings.push_back(ring);
    }
    entries.append(
        std::string(right.name),
        json::Object{{"bit", std::countr_zero(right.bit)}, {"rings", std::move(rings)}, {"summary", right.summary}});
  }
  return entries;
}

json::Object signal_entries() {
  json::Object entries;
  for (const abi::SignalInfo& signal : abi::signals()) {
    entries.append(std::string(signal.name), json::Object{{"number", static_cast<int>(signal.number)},
                                                          {"action", name_of(signal.action)},
                                                          {"catchable", signal.catchable},
                                                          {"maskable", signal.maskable},
                                                          {"summary", signal.summary}});
  }
  return entries;
}

json::Object event_entries() {
  json::Object entries;
  for (const abi::EventInfo& event : abi::events()) {
    entries.append(std::string(event.name), json::Object{{"summary", event.summary}});
  }
  return entries;
}

json::Object argument_entry(const FieldInfo& field) {
  json::Object argument{{"name", field.name}, {"type", word_of(field.type)}, {"required", field.required}};
  if (field.type == abi::Type::kList) argument.append("items", word_of(field.item));
  if (!field.rules.choices.empty()) {
    json::Array choices;
    for (std::string_view choice : field.rules.choices) choices.push_back(choice);
    argument.append("choices", std::move(choices));
  }
  return argument;
}

bool agents_may_call(const Row& row) { return is_offered(row) && row.subject != abi::Subject::operator_; }

}  // namespace

void add_schema(Files& files) {
  json::Object definitions{{"Bytes", schema_of_bytes()}};
  for (const abi::StructInfo* info : abi::structs()) {
    definitions.append(std::string(info->name), schema_of(*info, Nested::kReferenced));
  }
  json::Object calls;
  for (const Row& row : abi::rows()) calls.append(std::string(row.name), call_entry(row));
  files["src/abi/generated/schema.json"] = document_of(json::Object{{"$comment", kNotice},
                                                                    {"$schema", kDialect},
                                                                    {"$id", "urn:agentos:abi"},
                                                                    {"abi", abi::kAbiRevision},
                                                                    {"calls", std::move(calls)},
                                                                    {"errors", error_entries()},
                                                                    {"rights", right_entries()},
                                                                    {"signals", signal_entries()},
                                                                    {"events", event_entries()},
                                                                    {"$defs", std::move(definitions)}});
}

void add_policy_vocabulary(Files& files) {
  json::Array calls;
  for (const Row& row : abi::rows()) {
    json::Array arguments;
    for (const FieldInfo& field : row.request.info->fields) arguments.push_back(argument_entry(field));
    calls.push_back(json::Object{{"number", row.number},
                                 {"name", row.name},
                                 {"subject", name_of(row.subject)},
                                 {"right", row.right_name},
                                 {"effect", name_of(row.effect)},
                                 {"support", name_of(row.support)},
                                 {"arguments", std::move(arguments)}});
  }
  files["src/abi/generated/policy_vocabulary.json"] =
      document_of(json::Object{{"$comment", kNotice}, {"abi", abi::kAbiRevision}, {"calls", std::move(calls)}});
}

void add_mcp_tools(Files& files) {
  json::Array tools;
  for (const Row& row : abi::rows()) {
    if (!agents_may_call(row)) continue;
    tools.push_back(json::Object{{"name", row.name},
                                 {"description", row.summary},
                                 {"inputSchema", schema_of(*row.request.info, Nested::kInlined)},
                                 {"annotations", json::Object{{"readOnlyHint", row.effect == abi::Effect::none}}}});
  }
  files["src/abi/generated/mcp_tools.json"] =
      document_of(json::Object{{"$comment", kNotice}, {"tools", std::move(tools)}});
}

void add_numbers(Files& files) {
  std::string out =
      fmt::format("# {}\n# Published numbers. Append-only: abigen refuses to drop or change a line.\n", kNotice);
  for (const Row& row : abi::rows()) out += fmt::format("call {} {}\n", row.number, row.name);
  for (const abi::ErrorInfo& error : abi::errors()) out += fmt::format("error {} {}\n", error.code, error.name);
  for (const abi::RightInfo& right : abi::rights()) {
    out += fmt::format("right {} {}\n", std::countr_zero(right.bit), right.name);
  }
  for (const abi::SignalInfo& signal : abi::signals()) {
    out += fmt::format("signal {} {}\n", static_cast<int>(signal.number), signal.name);
  }
  files[std::string(kNumbersPath)] = std::move(out);
}

}  // namespace agentos::abigen
