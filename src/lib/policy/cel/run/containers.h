// Lists, maps and records whatever they lie in: the program, the scratch, JSON or a host's own types.
//
// Keys of maps are bool, int, uint and string; numbers of different kinds that are equal are one key. A record that is
// not known as one (JSON, dyn) is read by names.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lib/policy/cel/scratch.h"
#include "lib/policy/cel/type.h"
#include "lib/policy/cel/value.h"

namespace agentos::cel {

// Precondition of each: the value is of that kind, the index within its size.
std::uint32_t list_size(Value list);
Value list_element(Value list, std::uint32_t index, Scratch& scratch);
std::uint32_t map_size(Value map);
MapEntry map_entry(Value map, std::uint32_t index, Scratch& scratch);
Value map_find(Value map, Value key, Scratch& scratch);  // absent when it is not there
Value map_find_text(Value map, std::string_view key, Scratch& scratch);
const RecordShape& record_shape(Value record);
Value record_field(Value record, std::uint32_t index, Scratch& scratch);  // absent when the field is

// A map over `entries`, which must live as long as it; an error when a key is there twice or cannot be a key.
Value make_map(Scratch& scratch, std::span<const MapEntry> entries);
bool can_be_key(Value value);
std::uint64_t hash_key(Value key);  // equal keys have equal hashes; precondition: can_be_key, or a double
// Builds the open-addressing index of `entries` into `index` (zeroed, a power of two, at least twice their number);
// false when a key is there twice.
bool index_entries(std::span<const MapEntry> entries, std::span<std::uint32_t> index, Scratch& scratch);
std::size_t index_size(std::size_t entries);  // 0: so few that no index is made

// operand.field on anything but an optional: absent when the field or key is not there, an error when it has no fields.
Value select_field(Scratch& scratch, Value operand, std::string_view field);
// container[key]; an error names what is missing.
Value index_value(Scratch& scratch, Value container, Value key);
// The same, absent when there is no such element.
Value find_element(Scratch& scratch, Value container, Value key);
// element in container
Value contains_element(Scratch& scratch, Value element, Value container);
Value size_of(Scratch& scratch, Value value);

}  // namespace agentos::cel
