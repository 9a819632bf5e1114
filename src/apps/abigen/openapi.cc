// src/abi/generated/openapi.json: the calls as OpenAPI 3.1 operations, for programs that read contracts in that form.
//
// One POST a call, the request struct as body, the reply struct as answer, the HTTP status of the error table for each
// error. Schemas are those of schema.json under OpenAPI's own place for them. Calls whose replies bring a descriptor
// are left out: HTTP carries none.
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "abi/codes.h"
#include "abi/table.h"
#include "apps/abigen/generators.h"
#include "apps/abigen/json_schema.h"
#include "apps/abigen/words.h"

namespace agentos::abigen {
namespace {

using abi::Row;

constexpr std::string_view kDescription =
    "The calls of the table as one POST each, for doors that speak HTTP. This version has no such door: it serves the "
    "calls over its Unix socket, one JSON-RPC message a line, with the same names, members and errors. The paths, the "
    "statuses and the bearer token are how they will look over HTTP. Who calls is a property of the connection or the "
    "token: no member names the caller. Calls whose replies bring a descriptor (mmap, attach) need the socket.";

// What any call can meet before and after it acts, whatever its row lists.
constexpr ErrorCode kEveryCall[] = {abi::error::malformed,
                                    abi::error::invalid_argument,
                                    abi::error::unauthenticated,
                                    abi::error::denied,
                                    abi::error::not_permitted,
                                    abi::error::approval_required,
                                    abi::error::stopped,
                                    abi::error::terminated,
                                    abi::error::too_large,
                                    abi::error::quota_exceeded,
                                    abi::error::busy,
                                    abi::error::internal,
                                    abi::error::not_running,
                                    abi::error::record_failed};

bool has_operation(const Row& row) { return is_offered(row) && !brings_descriptor(row); }

json::Object of_json(json::Object schema) {
  return {{"application/json", json::Object{{"schema", std::move(schema)}}}};
}

json::Object of_schema(std::string_view name) {
  return of_json(json::Object{{"$ref", reference_to(name, Nested::kComponents)}});
}

// Errors of one call by HTTP status; several share one.
json::Object responses_of(const Row& row) {
  std::map<int, std::vector<const abi::ErrorInfo*>> by_status;
  const auto add = [&](ErrorCode code) {
    const abi::ErrorInfo& info = abi::error_info(code);
    auto& known = by_status[info.http];
    for (const abi::ErrorInfo* other : known) {
      if (other->code == info.code) return;
    }
    known.push_back(&info);
  };
  for (ErrorCode code : row.errors) add(code);
  for (ErrorCode code : kEveryCall) add(code);
  if (row.waits) add(abi::error::cancelled);
  json::Object responses{
      {"200", json::Object{{"description", title_of(*row.reply.info)}, {"content", of_schema(row.reply.info->name)}}}};
  for (const auto& [status, errors] : by_status) {
    std::string words;
    json::Array names;
    for (const abi::ErrorInfo* error : errors) {
      words += fmt::format("{}{}: {}", words.empty() ? "" : " ", error->name, error->sentence);
      names.push_back(error->name);
    }
    json::Object schema{{"$ref", reference_to("Error", Nested::kComponents)},
                        {"properties", json::Object{{"error", json::Object{{"enum", std::move(names)}}}}}};
    responses.append(std::to_string(status),
                     json::Object{{"description", words}, {"content", of_json(std::move(schema))}});
  }
  return responses;
}

json::Object operation_of(const Row& row) {
  return {{"operationId", row.name},
          {"summary", row.summary},
          {"tags", json::Array{json::Value(name_of(row.subject))}},
          {"x-agentos-number", row.number},
          {"x-agentos-right", row.right_name},
          {"x-agentos-effect", name_of(row.effect)},
          {"x-agentos-waits", row.waits},
          {"requestBody",
           json::Object{{"required", has_required(*row.request.info)}, {"content", of_schema(row.request.info->name)}}},
          {"responses", responses_of(row)}};
}

json::Object schema_of_error() {
  json::Array names;
  for (const abi::ErrorInfo& error : abi::errors()) names.push_back(error.name);
  const auto text = [](std::string_view description) {
    return json::Object{{"type", "string"}, {"description", description}};
  };
  json::Object properties{
      {"error",
       json::Object{{"type", "string"}, {"enum", std::move(names)}, {"description", "Its word in the table."}}},
      {"code", json::Object{{"type", "integer"}, {"description", "Its number in the table."}}},
      {"message", text("What happened, for a person.")},
      {"hint", text("How to mend it.")},
      {"rule", text("The rule of policy that refused, when it was policy.")},
      {"step", text("Which step of a call's life refused.")}};
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", json::Array{"error", "code", "message"}}};
}

}  // namespace

void add_openapi(Files& files) {
  json::Object schemas{{"Bytes", schema_of_bytes()}, {"Error", schema_of_error()}};
  for (const abi::StructInfo* info : structs_of(has_operation)) {
    json::Object schema = schema_of(*info, Nested::kComponents);
    schema["description"] = title_of(*info);
    schemas.append(std::string(info->name), std::move(schema));
  }
  json::Object paths;
  for (const Row& row : abi::rows()) {
    if (!has_operation(row)) continue;
    paths.append("/v1/calls/" + std::string(row.name), json::Object{{"post", operation_of(row)}});
  }
  const json::Object info{{"title", "AgentOS"},
                          {"summary", "The system calls of agents and operators."},
                          {"description", kDescription},
                          {"version", AGENTOS_VERSION},
                          {"license", json::Object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
                          {"x-agentos-abi", abi::kAbiRevision}};
  const json::Array tags{json::Object{{"name", "agent"}, {"description", "Calls agents make."}},
                         json::Object{{"name", "operator"}, {"description", "Calls operators make."}},
                         json::Object{{"name", "any"}, {"description", "Calls both make."}}};
  const json::Object security{{"type", "http"},
                              {"scheme", "bearer"},
                              {"description", "Stands for the caller, as a connection does at the Unix socket."}};
  files["src/abi/generated/openapi.json"] =
      document_of(json::Object{{"x-generated", kNotice},
                               {"openapi", "3.1.0"},
                               {"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
                               {"info", info},
                               {"tags", tags},
                               {"security", json::Array{json::Object{{"connection", json::Array{}}}}},
                               {"paths", std::move(paths)},
                               {"components", json::Object{{"securitySchemes", json::Object{{"connection", security}}},
                                                           {"schemas", std::move(schemas)}}}});
}

}  // namespace agentos::abigen
