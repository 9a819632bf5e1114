// Lists, maps and records whatever they lie in.
#include "lib/policy/cel/run/containers.h"

#include <bit>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include "lib/policy/cel/run/operations.h"
#include "lib/policy/cel/text.h"

namespace agentos::cel {
namespace {

constexpr std::size_t kSearchedEntriesMax = 8;  // maps of so many entries have no index

std::string shown_key(Value key) {
  switch (key.kind()) {
    case ValueKind::kString:
      return fmt::format("'{}'", key.text().substr(0, 200));
    case ValueKind::kInt:
      return std::to_string(key.as_int());
    case ValueKind::kUint:
      return std::to_string(key.as_uint());
    case ValueKind::kBool:
      return key.as_bool() ? "true" : "false";
    case ValueKind::kDouble:
      return fmt::format("{}", key.as_double());
    default:
      return std::string(type_name_of(key));
  }
}

// Whether two keys are one: same kind and content, or numbers of one value.
bool same_key(Value a, Value b) {
  if (a.is(ValueKind::kString)) return b.is(ValueKind::kString) && a.text() == b.text();
  if (a.kind() == b.kind() && !a.is(ValueKind::kDouble)) return a.as_int() == b.as_int();
  if (a.is(ValueKind::kBool) || b.is(ValueKind::kBool)) return false;
  return order(a, b) == Order::kEqual;
}

Value table_find(const MapTable& table, Value key) {
  if (table.index.empty()) {
    for (const MapEntry& entry : table.entries)
      if (same_key(entry.key, key)) return entry.value;
    return Value();
  }
  const std::size_t mask = table.index.size() - 1;
  for (std::size_t place = hash_key(key) & mask; table.index[place] != 0; place = (place + 1) & mask) {
    const MapEntry& entry = table.entries[table.index[place] - 1];
    if (same_key(entry.key, key)) return entry.value;
  }
  return Value();
}

bool could_be_key(Value value) { return can_be_key(value) || value.is(ValueKind::kDouble); }

// The whole number a list index is, or false.
bool whole_index(Value key, std::int64_t& index) {
  if (key.is(ValueKind::kInt)) {
    index = key.as_int();
    return true;
  }
  if (key.is(ValueKind::kUint)) {
    index = key.as_uint() > INT64_MAX ? -1 : static_cast<std::int64_t>(key.as_uint());
    return true;
  }
  if (!key.is(ValueKind::kDouble) || key.as_double() != std::floor(key.as_double()) ||
      std::abs(key.as_double()) >= 0x1p53)
    return false;
  index = static_cast<std::int64_t>(key.as_double());
  return true;
}

Value list_at(Scratch& scratch, Value list, Value key) {
  std::int64_t index = 0;
  if (!whole_index(key, index)) return fault(scratch, "invalid_argument: {} is no list index", shown_key(key));
  if (index < 0 || index >= list_size(list)) return Value();
  return list_element(list, static_cast<std::uint32_t>(index), scratch);
}

}  // namespace

std::uint32_t list_size(Value list) {
  switch (list.storage()) {
    case Storage::kNative:
      return static_cast<std::uint32_t>(list.elements().size());
    case Storage::kJson:
      return static_cast<std::uint32_t>(list.json_array().size());
    case Storage::kHost:
      return list.host_list().size();
  }
  return 0;
}

Value list_element(Value list, std::uint32_t index, Scratch& scratch) {
  switch (list.storage()) {
    case Storage::kNative:
      return list.elements()[index];
    case Storage::kJson:
      return Value::json(list.json_array()[index]);
    case Storage::kHost:
      return list.host_list().at(index, scratch);
  }
  return Value();
}

std::uint32_t map_size(Value map) {
  switch (map.storage()) {
    case Storage::kNative:
      return static_cast<std::uint32_t>(map.table().entries.size());
    case Storage::kJson:
      return static_cast<std::uint32_t>(map.json_object().size());
    case Storage::kHost:
      return map.host_map().size();
  }
  return 0;
}

MapEntry map_entry(Value map, std::uint32_t index, Scratch& scratch) {
  switch (map.storage()) {
    case Storage::kNative:
      return map.table().entries[index];
    case Storage::kJson: {
      const auto& [key, value] = map.json_object().begin()[index];
      return {Value::string(key), Value::json(value)};
    }
    case Storage::kHost:
      return map.host_map().entry(index, scratch);
  }
  return {};
}

Value map_find(Value map, Value key, Scratch& scratch) {
  if (!could_be_key(key)) return Value();
  switch (map.storage()) {
    case Storage::kNative:
      return table_find(map.table(), key);
    case Storage::kJson:
      return key.is(ValueKind::kString) ? map_find_text(map, key.text(), scratch) : Value();
    case Storage::kHost:
      return map.host_map().find(key, scratch);
  }
  return Value();
}

Value map_find_text(Value map, std::string_view key, Scratch& scratch) {
  if (map.storage() != Storage::kJson) return map_find(map, Value::string(key), scratch);
  const json::Value* found = map.json_object().find(key);
  return found == nullptr ? Value() : Value::json(*found);
}

const RecordShape& record_shape(Value record) {
  return record.storage() == Storage::kHost ? record.host_record().shape() : *record.fields().shape;
}

Value record_field(Value record, std::uint32_t index, Scratch& scratch) {
  if (record.storage() == Storage::kHost) return record.host_record().field(index, scratch);
  const std::span<const Value> values = record.fields().values;
  return index < values.size() ? values[index] : Value();
}

bool can_be_key(Value value) {
  return value.is(ValueKind::kString) || value.is(ValueKind::kInt) || value.is(ValueKind::kUint) ||
         value.is(ValueKind::kBool);
}

std::uint64_t hash_key(Value key) {
  std::uint64_t bits = 0;
  switch (key.kind()) {
    case ValueKind::kString:
      return std::hash<std::string_view>{}(key.text());
    case ValueKind::kDouble: {
      const double number = key.as_double();
      if (number >= -0x1p63 && number < 0x1p63) {
        bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
      } else if (number >= 0 && number < 0x1p64) {
        bits = static_cast<std::uint64_t>(number);
      }
      break;
    }
    case ValueKind::kBool:
      bits = 0x5bd1e995 + key.as_uint();
      break;
    default:
      bits = key.as_uint();
      break;
  }
  bits *= 0x9e3779b97f4a7c15U;
  return bits ^ bits >> 32;
}

std::size_t index_size(std::size_t entries) { return entries <= kSearchedEntriesMax ? 0 : std::bit_ceil(entries * 2); }

bool index_entries(std::span<const MapEntry> entries, std::span<std::uint32_t> index, Scratch& scratch) {
  const std::size_t mask = index.size() - 1;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    std::size_t place = hash_key(entries[i].key) & mask;
    for (; index[place] != 0; place = (place + 1) & mask)
      if (!scratch.take_steps(1) || same_key(entries[index[place] - 1].key, entries[i].key)) return false;
    index[place] = i + 1;
  }
  return true;
}

Value make_map(Scratch& scratch, std::span<const MapEntry> entries) {
  if (!scratch.take_steps(1 + entries.size())) return out_of_memory();
  for (const MapEntry& entry : entries)
    if (!can_be_key(entry.key)) return fault(scratch, "unsupported key type: {}", type_name_of(entry.key));
  const std::span<std::uint32_t> index = scratch.make_array<std::uint32_t>(index_size(entries.size()));
  if (index.size() != index_size(entries.size())) return out_of_memory();
  bool unique = true;
  if (!index.empty()) {
    unique = index_entries(entries, index, scratch);
  } else {
    for (std::size_t i = 0; i < entries.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) unique = unique && !same_key(entries[i].key, entries[j].key);
  }
  if (!unique) return scratch.error("Failed with repeated key");
  const MapTable* table = scratch.make(MapTable{entries, index});
  return table == nullptr ? out_of_memory() : Value::map(*table);
}

Value select_field(Scratch& scratch, Value operand, std::string_view field) {
  if (operand.is(ValueKind::kMap)) return map_find_text(operand, field, scratch);
  if (operand.is(ValueKind::kRecord)) {
    const auto index = record_shape(operand).find(field);
    if (!index) return fault(scratch, "no such field: '{}'", field);
    return record_field(operand, *index, scratch);
  }
  return fault(scratch, "no such overload: type '{}' has no fields, '{}' was read", type_name_of(operand), field);
}

Value find_element(Scratch& scratch, Value container, Value key) {
  if (container.is(ValueKind::kMap)) return map_find(container, key, scratch);
  if (container.is(ValueKind::kList)) return list_at(scratch, container, key);
  return no_overload(scratch, "_[_]", container, key);
}

Value index_value(Scratch& scratch, Value container, Value key) {
  const Value found = find_element(scratch, container, key);
  if (!found.is_absent()) return found;
  if (container.is(ValueKind::kMap)) return fault(scratch, "no such key: {}", shown_key(key));
  return fault(scratch, "index out of bounds: {}", shown_key(key));
}

Value contains_element(Scratch& scratch, Value element, Value container) {
  if (container.is(ValueKind::kMap)) return Value::boolean(!map_find(container, element, scratch).is_absent());
  if (!container.is(ValueKind::kList)) return no_overload(scratch, "@in", element, container);
  const std::uint32_t size = list_size(container);
  for (std::uint32_t i = 0; i < size; ++i)
    if (equal(list_element(container, i, scratch), element, scratch)) return Value::boolean(true);
  return Value::boolean(false);
}

Value size_of(Scratch& scratch, Value value) {
  switch (value.kind()) {
    case ValueKind::kString:
      if (!scratch.take_steps(1 + value.text().size() / 16)) return out_of_memory();
      return Value::integer(static_cast<std::int64_t>(count_code_points(value.text())));
    case ValueKind::kBytes:
      return Value::integer(static_cast<std::int64_t>(value.text().size()));
    case ValueKind::kList:
      return Value::integer(list_size(value));
    case ValueKind::kMap:
      return Value::integer(map_size(value));
    default:
      return no_overload(scratch, "size", value);
  }
}

}  // namespace agentos::cel
