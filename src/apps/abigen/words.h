// Names and sentences that several generators share.
#pragma once

#include <string>
#include <string_view>

#include "abi/field.h"
#include "abi/table.h"
#include "base/json/value.h"

namespace agentos::abigen {

std::string camel_case(std::string_view snake);  // "not_found" -> "NotFound"
std::string upper_case(std::string_view word);   // "not_found" -> "NOT_FOUND"

// Request structs are named so; the rest are replies or parts of either.
bool is_request(const abi::StructInfo& info);
std::string title_of(const abi::StructInfo& info);  // "What read answers."

std::string_view word_of(abi::Type type);              // "boolean" "integer" ... of one value
std::string type_words(const abi::FieldInfo& field);   // "text", "list of integer", "Budget"
std::string bound_words(const abi::FieldInfo& field);  // "0 to 255", "r, w or a", "at most 64 octets"; or empty

// `text` broken at blanks so that no line is longer than `width`; every line but the first starts with `indent`.
std::string wrap(std::string_view text, std::size_t width, std::string_view indent);

// What a request holds when nothing is given: its defaults, as the codec writes them.
json::Object defaults_of(const abi::Row& row);
// The default worth telling a reader: null when it is absence, empty or false.
json::Value telling_default(const json::Object& defaults, const abi::FieldInfo& field);

// A value a field could hold, for examples; it decodes.
json::Value sample_of(const abi::FieldInfo& field);
// The smallest telling request of a row (required fields, or the first one), or a full reply.
json::Object sample_request(const abi::Row& row);
json::Object sample_reply(const abi::Row& row);

}  // namespace agentos::abigen
