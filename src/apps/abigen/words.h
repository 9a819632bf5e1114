// Names and sentences that several generators share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "abi/field.h"
#include "abi/table.h"
#include "base/json/value.h"

namespace agentos::abigen {

std::string camel_case(std::string_view snake);  // "not_found" -> "NotFound"
std::string upper_case(std::string_view word);   // "not_found" -> "NOT_FOUND"

// Request structs are named so; the rest are replies or parts of either.
bool is_request(const abi::StructInfo& info);
std::string title_of(const abi::StructInfo& info);  // "What read answers."
bool has_required(const abi::StructInfo& info);
// The structs of these rows and those within them, in the order of abi::structs().
std::vector<const abi::StructInfo*> structs_of(bool (*wanted)(const abi::Row&));

// This version carries it out for an agent or an operator.
bool is_offered(const abi::Row& row);
// Its reply comes with a descriptor, which only a Unix socket carries.
bool brings_descriptor(const abi::Row& row);

// How clients group the calls: by who makes them.
struct CallClass {
  std::string_view name;
  std::string_view base;     // or empty
  std::string_view summary;  // without its full stop
  abi::Subject subject;
};
inline constexpr CallClass kCallClasses[] = {
    {"CallsOfAll", "", "Calls both agents and operators make", abi::Subject::any},
    {"CallsOfAgents", "CallsOfAll", "Calls agents make", abi::Subject::agent},
    {"CallsOfOperators", "CallsOfAll", "Calls operators make", abi::Subject::operator_}};
// The errors of its row as clients name their classes: "NotFound, Busy"; or empty.
std::string error_classes(const abi::Row& row);

std::string_view word_of(abi::Type type);              // "boolean" "integer" ... of one value
std::string type_words(const abi::FieldInfo& field);   // "text", "list of integer", "Budget"
std::string bound_words(const abi::FieldInfo& field);  // "0 to 255", "r, w or a", "at most 64 octets"; or empty

// `text` broken at blanks so that no line is longer than `width`; every line but the first starts with `indent`.
std::string wrap(std::string_view text, std::size_t width, std::string_view indent);

// What a request holds when nothing is given: its defaults, as the codec writes them. Other structs have none.
json::Object defaults_of(const abi::StructInfo& info);
// The default worth telling a reader: null when it is absence, empty or false.
json::Value telling_default(const json::Object& defaults, const abi::FieldInfo& field);

// A JSON document as a file holds it.
std::string document_of(json::Object object);

// A value a field could hold, for examples; it decodes.
json::Value sample_of(const abi::FieldInfo& field);
// The smallest telling request of a row (required fields, or the first one), or a full reply.
json::Object sample_request(const abi::Row& row);
json::Object sample_reply(const abi::Row& row);

}  // namespace agentos::abigen
