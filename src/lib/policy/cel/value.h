// A value as expressions see it: a view of 16 bytes over something that outlives it. Copying never allocates.
//
// What it points to is owned by the program (literals), by the host (variables: JSON, records, lists, maps of its own)
// or by the Scratch of the evaluation (everything made on the way). It exists so that a decision reads its request
// where the request lies. A result is valid as long as the three are, and the Scratch is not reset.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/json/value.h"
#include "base/net/ip_address.h"

namespace agentos::cel {

class List;
class Map;
class Record;
class RecordShape;
class Scratch;
class Value;
struct MapTable;
struct RecordFields;
struct EvaluationError;
using Address = net::IpAddress;
using Network = net::IpPrefix;

enum class ValueKind : std::uint8_t {
  kAbsent,  // no value: a field or key that is not there; never a result of an evaluation
  kError,
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kDuration,
  kTimestamp,
  kList,
  kMap,
  kRecord,
  kType,
  kOptional,
  kIp,
  kCidr,
};

// How a list, map or record lies in memory.
enum class Storage : std::uint8_t { kNative, kJson, kHost };

class Value {
 public:
  constexpr Value() : integer_(0) {}  // absent
  static constexpr Value null() { return Value(ValueKind::kNull); }
  static constexpr Value boolean(bool value);
  static constexpr Value integer(std::int64_t value);
  static constexpr Value unsigned_integer(std::uint64_t value);
  static constexpr Value floating(double value);
  static Value string(std::string_view utf8);     // precondition: below 4 GiB
  static Value bytes(std::string_view octets);    // precondition: below 4 GiB
  static Value type_name(std::string_view name);  // a type value; two are equal when their names are
  // Nanoseconds 0..999'999'999 are added to the seconds, also when those are negative.
  static Value duration(std::int64_t seconds, std::uint32_t nanoseconds);
  static Value timestamp(std::int64_t unix_seconds, std::uint32_t nanoseconds);
  static Value list(std::span<const Value> elements);
  static Value list(const List& elements);
  static Value map(const MapTable& table);
  static Value map(const Map& entries);
  static Value record(const RecordFields& fields);
  static Value record(const Record& fields);
  static Value optional(const Value* value);  // nullptr: none
  static Value ip(const Address& address);
  static Value cidr(const Network& network);
  static Value error(const EvaluationError& error);
  // A view over `json`: integers are int, other numbers double, arrays lists, objects maps (and records, where the
  // checked type is a record: a member of the object is the field of that name).
  static Value json(const agentos::json::Value& json);
  static Value json(const agentos::json::Object& object);
  static Value json(const agentos::json::Array& array);

  ValueKind kind() const { return kind_; }
  Storage storage() const { return storage_; }
  bool is(ValueKind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == ValueKind::kError; }
  bool is_absent() const { return kind_ == ValueKind::kAbsent; }
  bool is_true() const { return kind_ == ValueKind::kBool && integer_ != 0; }

  // Precondition of each: the value is of that kind (and storage).
  bool as_bool() const { return integer_ != 0; }
  std::int64_t as_int() const { return integer_; }
  std::uint64_t as_uint() const { return unsigned_; }
  double as_double() const { return floating_; }
  std::string_view text() const { return {characters_, size_}; }  // of a string, bytes or type value
  std::int64_t seconds() const { return integer_; }               // of a duration or timestamp
  std::uint32_t nanoseconds() const { return size_; }
  std::span<const Value> elements() const { return {elements_, size_}; }
  const agentos::json::Array& json_array() const { return *array_; }
  const agentos::json::Object& json_object() const { return *object_; }
  const List& host_list() const { return *list_; }
  const MapTable& table() const { return *table_; }
  const Map& host_map() const { return *map_; }
  const RecordFields& fields() const { return *fields_; }
  const Record& host_record() const { return *record_; }
  const Value* optional_value() const { return elements_; }  // nullptr: none
  const Address& address() const { return *address_; }
  const Network& network() const { return *network_; }
  const EvaluationError& evaluation_error() const { return *error_; }

 private:
  explicit constexpr Value(ValueKind kind, Storage storage = Storage::kNative, std::uint32_t size = 0)
      : kind_(kind), storage_(storage), size_(size), integer_(0) {}

  ValueKind kind_ = ValueKind::kAbsent;
  Storage storage_ = Storage::kNative;
  std::uint32_t size_ = 0;
  union {
    std::int64_t integer_;
    std::uint64_t unsigned_;
    double floating_;
    const char* characters_;
    const Value* elements_;
    const agentos::json::Array* array_;
    const agentos::json::Object* object_;
    const List* list_;
    const MapTable* table_;
    const Map* map_;
    const RecordFields* fields_;
    const Record* record_;
    const Address* address_;
    const Network* network_;
    const EvaluationError* error_;
  };
};
static_assert(sizeof(Value) == 16);

struct EvaluationError {
  std::string_view message;  // "no such key: 'x'"
  std::uint32_t line = 0;    // 1-based, within the expression; 0 where a host function made the error
  std::uint32_t column = 0;
};

struct MapEntry {
  Value key;  // bool, int, uint or string
  Value value;
};

// Entries in the order they were written, with an index made by Scratch::map() or by the program.
struct MapTable {
  std::span<const MapEntry> entries;
  std::span<const std::uint32_t> index;  // open addressing, places + 1; empty for a few entries, which are searched
};

// A record whose fields lie in order of its shape; an absent field is an absent Value.
struct RecordFields {
  const RecordShape* shape = nullptr;
  std::span<const Value> values;
};

// Containers of a host. Implementations are immutable while an evaluation runs, and make what they must in `scratch`.
class List {
 public:
  virtual ~List() = default;
  virtual std::uint32_t size() const = 0;
  virtual Value at(std::uint32_t index, Scratch& scratch) const = 0;  // precondition: index < size()
};

class Map {
 public:
  virtual ~Map() = default;
  virtual std::uint32_t size() const = 0;
  virtual Value find(const Value& key, Scratch& scratch) const = 0;  // absent when the key is not there
  virtual MapEntry entry(std::uint32_t index, Scratch& scratch) const = 0;
};

class Record {
 public:
  virtual ~Record() = default;
  virtual const RecordShape& shape() const = 0;
  virtual Value field(std::uint32_t index, Scratch& scratch) const = 0;  // absent when the field is
};

constexpr Value Value::boolean(bool value) {
  Value made(ValueKind::kBool);
  made.integer_ = value ? 1 : 0;
  return made;
}
constexpr Value Value::integer(std::int64_t value) {
  Value made(ValueKind::kInt);
  made.integer_ = value;
  return made;
}
constexpr Value Value::unsigned_integer(std::uint64_t value) {
  Value made(ValueKind::kUint);
  made.unsigned_ = value;
  return made;
}
constexpr Value Value::floating(double value) {
  Value made(ValueKind::kDouble);
  made.floating_ = value;
  return made;
}
inline Value Value::string(std::string_view utf8) {
  Value made(ValueKind::kString, Storage::kNative, static_cast<std::uint32_t>(utf8.size()));
  made.characters_ = utf8.data();
  return made;
}
inline Value Value::bytes(std::string_view octets) {
  Value made(ValueKind::kBytes, Storage::kNative, static_cast<std::uint32_t>(octets.size()));
  made.characters_ = octets.data();
  return made;
}
inline Value Value::type_name(std::string_view name) {
  Value made(ValueKind::kType, Storage::kNative, static_cast<std::uint32_t>(name.size()));
  made.characters_ = name.data();
  return made;
}
inline Value Value::duration(std::int64_t seconds, std::uint32_t nanoseconds) {
  Value made(ValueKind::kDuration, Storage::kNative, nanoseconds);
  made.integer_ = seconds;
  return made;
}
inline Value Value::timestamp(std::int64_t unix_seconds, std::uint32_t nanoseconds) {
  Value made(ValueKind::kTimestamp, Storage::kNative, nanoseconds);
  made.integer_ = unix_seconds;
  return made;
}
inline Value Value::list(std::span<const Value> elements) {
  Value made(ValueKind::kList, Storage::kNative, static_cast<std::uint32_t>(elements.size()));
  made.elements_ = elements.data();
  return made;
}
inline Value Value::list(const List& elements) {
  Value made(ValueKind::kList, Storage::kHost);
  made.list_ = &elements;
  return made;
}
inline Value Value::map(const MapTable& table) {
  Value made(ValueKind::kMap);
  made.table_ = &table;
  return made;
}
inline Value Value::map(const Map& entries) {
  Value made(ValueKind::kMap, Storage::kHost);
  made.map_ = &entries;
  return made;
}
inline Value Value::record(const RecordFields& fields) {
  Value made(ValueKind::kRecord);
  made.fields_ = &fields;
  return made;
}
inline Value Value::record(const Record& fields) {
  Value made(ValueKind::kRecord, Storage::kHost);
  made.record_ = &fields;
  return made;
}
inline Value Value::optional(const Value* value) {
  Value made(ValueKind::kOptional);
  made.elements_ = value;
  return made;
}
inline Value Value::ip(const Address& address) {
  Value made(ValueKind::kIp);
  made.address_ = &address;
  return made;
}
inline Value Value::cidr(const Network& network) {
  Value made(ValueKind::kCidr);
  made.network_ = &network;
  return made;
}
inline Value Value::error(const EvaluationError& error) {
  Value made(ValueKind::kError);
  made.error_ = &error;
  return made;
}
inline Value Value::json(const agentos::json::Object& object) {
  Value made(ValueKind::kMap, Storage::kJson);
  made.object_ = &object;
  return made;
}
inline Value Value::json(const agentos::json::Array& array) {
  Value made(ValueKind::kList, Storage::kJson);
  made.array_ = &array;
  return made;
}
inline Value Value::json(const agentos::json::Value& json) {
  if (json.is_string()) return string(json.as_string());
  if (json.is_int()) return integer(json.as_int());
  if (json.is_bool()) return boolean(json.as_bool());
  if (json.is_object()) return Value::json(json.as_object());
  if (json.is_array()) return Value::json(json.as_array());
  if (json.is_double()) return floating(json.as_double());
  return null();
}

}  // namespace agentos::cel
