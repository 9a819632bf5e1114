// Types: their nodes, names and equality.
#include "lib/policy/cel/type.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include "base/error.h"

namespace agentos::cel {

struct TypeNode {
  TypeKind kind = TypeKind::kDyn;
  std::string name = {};
  std::vector<Type> parameters = {};
  std::shared_ptr<const RecordShape> shape = {};
};

namespace {

constexpr std::array<std::string_view, 20> kNames = {"dyn",
                                                     "null_type",
                                                     "bool",
                                                     "int",
                                                     "uint",
                                                     "double",
                                                     "string",
                                                     "bytes",
                                                     "google.protobuf.Duration",
                                                     "google.protobuf.Timestamp",
                                                     "net.IP",
                                                     "net.CIDR",
                                                     "list",
                                                     "map",
                                                     "optional_type",
                                                     "type",
                                                     "wrapper",
                                                     "",
                                                     "",
                                                     ""};

// One shared node for each type without parts. Never destroyed: types may outlive static objects.
const std::shared_ptr<const TypeNode>& simple(TypeKind kind) {
  static const auto& nodes = *[] {
    auto* made = new std::array<std::shared_ptr<const TypeNode>, kNames.size()>;
    for (std::size_t i = 0; i < kNames.size(); ++i)
      (*made)[i] = std::make_shared<const TypeNode>(TypeNode{.kind = static_cast<TypeKind>(i)});
    return made;
  }();
  return nodes[static_cast<std::size_t>(kind)];
}

}  // namespace

Type::Type() : node_(simple(TypeKind::kDyn)) {}
Type::Type(std::shared_ptr<const TypeNode> node) : node_(std::move(node)) {}
Type Type::dyn() { return Type(simple(TypeKind::kDyn)); }
Type Type::null() { return Type(simple(TypeKind::kNull)); }
Type Type::boolean() { return Type(simple(TypeKind::kBool)); }
Type Type::integer() { return Type(simple(TypeKind::kInt)); }
Type Type::unsigned_integer() { return Type(simple(TypeKind::kUint)); }
Type Type::floating() { return Type(simple(TypeKind::kDouble)); }
Type Type::string() { return Type(simple(TypeKind::kString)); }
Type Type::bytes() { return Type(simple(TypeKind::kBytes)); }
Type Type::duration() { return Type(simple(TypeKind::kDuration)); }
Type Type::timestamp() { return Type(simple(TypeKind::kTimestamp)); }
Type Type::ip() { return Type(simple(TypeKind::kIp)); }
Type Type::cidr() { return Type(simple(TypeKind::kCidr)); }
Type Type::type() { return Type(simple(TypeKind::kType)); }

namespace {

std::shared_ptr<const TypeNode> with_parameters(TypeKind kind, std::vector<Type> parameters) {
  return std::make_shared<const TypeNode>(TypeNode{.kind = kind, .parameters = std::move(parameters)});
}

}  // namespace

Type Type::list(Type element) { return Type(with_parameters(TypeKind::kList, {std::move(element)})); }
Type Type::map(Type key, Type value) {
  return Type(with_parameters(TypeKind::kMap, {std::move(key), std::move(value)}));
}
Type Type::optional(Type value) { return Type(with_parameters(TypeKind::kOptional, {std::move(value)})); }
Type Type::type_of(Type type) { return Type(with_parameters(TypeKind::kType, {std::move(type)})); }
Type Type::wrapper(Type primitive) { return Type(with_parameters(TypeKind::kWrapper, {std::move(primitive)})); }
Type Type::parameter(std::string name) {
  return Type(std::make_shared<const TypeNode>(TypeNode{.kind = TypeKind::kParameter, .name = std::move(name)}));
}
Type Type::record(std::shared_ptr<const RecordShape> shape) {
  CHECK(shape != nullptr);
  return Type(std::make_shared<const TypeNode>(TypeNode{.kind = TypeKind::kRecord, .shape = std::move(shape)}));
}
Type Type::opaque(std::string name, std::vector<Type> parameters) {
  return Type(std::make_shared<const TypeNode>(
      TypeNode{.kind = TypeKind::kOpaque, .name = std::move(name), .parameters = std::move(parameters)}));
}

TypeKind Type::kind() const { return node_->kind; }
std::span<const Type> Type::parameters() const { return node_->parameters; }
const RecordShape& Type::shape() const { return *node_->shape; }

std::string_view Type::name() const {
  if (kind() == TypeKind::kRecord) return node_->shape->name();
  if (kind() == TypeKind::kParameter || kind() == TypeKind::kOpaque) return node_->name;
  return kNames[static_cast<std::size_t>(kind())];
}

std::string Type::to_string() const {
  std::string text(name());
  switch (kind()) {
    case TypeKind::kDuration:
      return "duration";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kNull:
      return "null";
    case TypeKind::kOptional:
      text = "optional";
      break;
    default:
      break;
  }
  if (parameters().empty()) return text;
  text += '(';
  for (std::size_t i = 0; i < parameters().size(); ++i) text += (i == 0 ? "" : ", ") + parameter(i).to_string();
  return text + ')';
}

bool Type::operator==(const Type& other) const {
  if (node_ == other.node_) return true;
  if (kind() != other.kind() || !std::ranges::equal(parameters(), other.parameters())) return false;
  if (kind() == TypeKind::kRecord) return node_->shape == other.node_->shape || *node_->shape == *other.node_->shape;
  return node_->name == other.node_->name;
}

RecordShape::RecordShape(std::string name, std::vector<Field> fields)
    : name_(std::move(name)), fields_(std::move(fields)) {
  for (std::size_t i = 0; i < fields_.size(); ++i) CHECK(find(fields_[i].name) == i);
}

std::optional<std::uint32_t> RecordShape::find(std::string_view field) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name == field) return static_cast<std::uint32_t>(i);
  return std::nullopt;
}

bool RecordShape::operator==(const RecordShape& other) const {
  return name_ == other.name_ && std::ranges::equal(fields_, other.fields_, [](const Field& a, const Field& b) {
           return a.name == b.name && a.presence == b.presence && a.type == b.type;
         });
}

}  // namespace agentos::cel
