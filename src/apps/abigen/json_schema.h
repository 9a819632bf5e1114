// JSON Schema 2020-12 of the structs of the table.
#pragma once

#include <string>
#include <string_view>

#include "abi/field.h"
#include "base/json/value.h"

namespace agentos::abigen {

// Whether a struct inside a struct is named by $ref (below $defs, or below components as OpenAPI does) or written out.
enum class Nested { kReferenced, kComponents, kInlined };

std::string reference_to(std::string_view name, Nested nested);  // precondition: not kInlined

json::Object schema_of(const abi::StructInfo& info, Nested nested);
json::Object schema_of_bytes();

}  // namespace agentos::abigen
