// The static types of expressions: structural, immutable, cheap to copy, safe to share between threads.
//
// They exist so that a wrong expression is refused when it is loaded and not when it decides. Records are closed: a
// field that is not declared does not exist. Source: the CEL language definition; records are ours.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace agentos::cel {

enum class TypeKind : std::uint8_t {
  kDyn,  // anything; checked while evaluating
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kDuration,
  kTimestamp,
  kIp,
  kCidr,
  kList,       // parameters: element
  kMap,        // parameters: key, value
  kOptional,   // parameters: value
  kType,       // the type of a type value; parameters: the type denoted, if known
  kWrapper,    // null or the one parameter (a primitive)
  kParameter,  // a type variable of an overload, name() is its name
  kRecord,     // shape()
  kOpaque,     // a named type of a host, with parameters
};

class RecordShape;
struct TypeNode;

class Type {
 public:
  Type();  // dyn
  static Type dyn();
  static Type null();
  static Type boolean();
  static Type integer();
  static Type unsigned_integer();
  static Type floating();
  static Type string();
  static Type bytes();
  static Type duration();
  static Type timestamp();
  static Type ip();
  static Type cidr();
  static Type list(Type element);
  static Type map(Type key, Type value);
  static Type optional(Type value);
  static Type type();              // of a type value that is not known further
  static Type type_of(Type type);  // of the type value that denotes `type`
  static Type wrapper(Type primitive);
  static Type parameter(std::string name);
  static Type record(std::shared_ptr<const RecordShape> shape);
  static Type opaque(std::string name, std::vector<Type> parameters = {});

  TypeKind kind() const;
  std::span<const Type> parameters() const;
  const Type& parameter(std::size_t index) const { return parameters()[index]; }
  const RecordShape& shape() const;  // precondition: kind() is kRecord
  // Of a parameter, record or opaque type its own name; of any other the name a type value of it has: "int",
  // "google.protobuf.Timestamp", "list", "optional_type", "net.IP".
  std::string_view name() const;
  bool is(TypeKind kind) const { return this->kind() == kind; }

  // As messages show it: "list(string)", "map(string, int)", "timestamp", "agent".
  std::string to_string() const;
  // Structural; records are equal when their shapes are the same object or have equal name and fields.
  bool operator==(const Type& other) const;

 private:
  explicit Type(std::shared_ptr<const TypeNode> node);
  std::shared_ptr<const TypeNode> node_;
};

enum class Presence : std::uint8_t {
  kAlways,
  kMayBeAbsent,  // has(x.field) can be false, and reading the absent field is an error value
};

struct Field {
  std::string name;
  Type type;
  Presence presence = Presence::kAlways;
};

// The closed list of fields of a named record. A field's index is its place in the list.
class RecordShape {
 public:
  RecordShape(std::string name, std::vector<Field> fields);  // precondition: no field name is in it twice
  const std::string& name() const { return name_; }
  std::span<const Field> fields() const { return fields_; }
  std::optional<std::uint32_t> find(std::string_view field) const;
  bool operator==(const RecordShape& other) const;

 private:
  std::string name_;
  std::vector<Field> fields_;
};

}  // namespace agentos::cel
