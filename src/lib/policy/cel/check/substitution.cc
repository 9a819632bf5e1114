// Type variables and assignability.
#include "lib/policy/cel/check/substitution.h"

#include <fmt/format.h>

namespace agentos::cel {
namespace {

constexpr int kTypeDepthMax = 300;  // of types; an expression's depth bounds what it can make

bool is_variable(const Type& type) { return type.is(TypeKind::kParameter); }

bool takes_null(const Type& type) {
  switch (type.kind()) {
    case TypeKind::kNull:
    case TypeKind::kWrapper:
    case TypeKind::kOptional:
    case TypeKind::kOpaque:
    case TypeKind::kIp:
    case TypeKind::kCidr:
    case TypeKind::kDuration:
    case TypeKind::kTimestamp:
      return true;
    default:
      return false;
  }
}

// Whether `a` says no more about a value than `b` does.
bool equal_or_more_general(const Type& a, const Type& b) {
  if (a.is(TypeKind::kDyn) || is_variable(a)) return true;
  if (b.is(TypeKind::kDyn) || is_variable(b)) return false;
  if (a.is(TypeKind::kWrapper) && (b == a.parameter(0) || b.is(TypeKind::kNull))) return true;
  if (b.is(TypeKind::kNull) && takes_null(a)) return true;
  if (a.kind() != b.kind() || a.parameters().size() != b.parameters().size()) return false;
  if (a.is(TypeKind::kType)) return true;
  if (a.parameters().empty()) return a == b;
  if (a.name() != b.name()) return false;
  for (std::size_t i = 0; i < a.parameters().size(); ++i)
    if (!equal_or_more_general(a.parameter(i), b.parameter(i))) return false;
  return true;
}

const Type& more_general(const Type& a, const Type& b) { return equal_or_more_general(a, b) ? a : b; }

}  // namespace

Type with_parameters_of(const Type& type, std::vector<Type> parameters) {
  switch (type.kind()) {
    case TypeKind::kList:
      return Type::list(std::move(parameters[0]));
    case TypeKind::kMap:
      return Type::map(std::move(parameters[0]), std::move(parameters[1]));
    case TypeKind::kOptional:
      return Type::optional(std::move(parameters[0]));
    case TypeKind::kWrapper:
      return Type::wrapper(std::move(parameters[0]));
    case TypeKind::kType:
      return Type::type_of(std::move(parameters[0]));
    case TypeKind::kOpaque:
      return Type::opaque(std::string(type.name()), std::move(parameters));
    default:
      return type;
  }
}

const Type* Substitution::find(const Type& variable) const {
  const auto found = bound_.find(variable.name());
  return found == bound_.end() ? nullptr : &found->second;
}

Type Substitution::fresh() { return Type::parameter(fmt::format("T{}", count_++)); }

Type Substitution::instantiate(const Type& type, std::map<std::string, Type>& renamed) {
  if (is_variable(type)) {
    const auto [place, added] = renamed.try_emplace(std::string(type.name()));
    if (added) place->second = fresh();
    return place->second;
  }
  if (type.parameters().empty()) return type;
  std::vector<Type> parameters;
  for (const Type& parameter : type.parameters()) parameters.push_back(instantiate(parameter, renamed));
  return with_parameters_of(type, std::move(parameters));
}

bool Substitution::assign(const Type& given, const Type& wanted) {
  const std::size_t before = mark();
  if (fits(given, wanted, 0)) return true;
  undo(before);
  return false;
}

void Substitution::set(const Type& variable, const Type& type) {
  const Type* before = find(variable);
  trail_.push_back({std::string(variable.name()), before == nullptr ? std::nullopt : std::optional(*before)});
  bound_.insert_or_assign(trail_.back().variable, type);
}

void Substitution::undo(std::size_t mark) {
  for (; trail_.size() > mark; trail_.pop_back()) {
    const Change& change = trail_.back();
    if (change.before) {
      bound_.insert_or_assign(change.variable, *change.before);
    } else {
      bound_.erase(change.variable);
    }
  }
}

bool Substitution::occurs(const Type& variable, const Type& type, int depth) const {
  if (depth > kTypeDepthMax) return true;
  if (is_variable(type)) {
    if (type.name() == variable.name()) return true;
    const Type* bound = find(type);
    return bound != nullptr && occurs(variable, *bound, depth + 1);
  }
  for (const Type& parameter : type.parameters())
    if (occurs(variable, parameter, depth + 1)) return true;
  return false;
}

// Makes `variable` stand for `type`, or checks `type` against what it stands for.
Substitution::Bound Substitution::bind(const Type& type, const Type& variable, int depth) {
  if (type == variable) return Bound::kFits;
  if (const Type* found = find(variable)) {
    const Type bound = *found;
    if (type == bound) return Bound::kFits;
    if (!fits(type, bound, depth + 1)) return Bound::kDoesNotFit;
    const Type general = more_general(type, bound);
    if (!occurs(variable, general, 0)) set(variable, general);
    return Bound::kFits;
  }
  if (occurs(variable, type, 0)) return Bound::kNotBound;
  set(variable, type);
  return Bound::kFits;
}

bool Substitution::fits(const Type& given, const Type& wanted, int depth) {
  if (depth > kTypeDepthMax) return false;
  if (is_variable(wanted)) {
    const Bound bound = bind(given, wanted, depth);
    if (bound != Bound::kNotBound) return bound == Bound::kFits;
  }
  if (is_variable(given)) return bind(wanted, given, depth) == Bound::kFits;
  if (given.is(TypeKind::kDyn) || wanted.is(TypeKind::kDyn)) return true;
  if (given.is(TypeKind::kNull)) return takes_null(wanted);
  if (wanted.is(TypeKind::kNull)) return given.is(TypeKind::kWrapper);
  if (wanted.is(TypeKind::kWrapper) && !given.is(TypeKind::kWrapper)) return given == wanted.parameter(0);
  if (given.is(TypeKind::kWrapper) && !wanted.is(TypeKind::kWrapper)) return wanted == given.parameter(0);
  if (given.kind() != wanted.kind()) return false;
  if (given.is(TypeKind::kType)) return true;
  if (given.parameters().empty() && wanted.parameters().empty()) return given == wanted;
  if (given.parameters().size() != wanted.parameters().size() || given.name() != wanted.name()) return false;
  for (std::size_t i = 0; i < given.parameters().size(); ++i)
    if (!fits(given.parameter(i), wanted.parameter(i), depth + 1)) return false;
  return true;
}

Type Substitution::join(const Type& a, const Type& b) {
  if (assign(a, b)) return more_general(a, b);
  if (b.is(TypeKind::kNull) && takes_null(a)) return a;
  return Type::dyn();
}

Type Substitution::replace(const Type& type, Free free, int depth) const {
  if (depth > kTypeDepthMax) return Type::dyn();
  if (is_variable(type)) {
    if (const Type* bound = find(type)) return replace(*bound, free, depth + 1);
    return free == Free::kDyn ? Type::dyn() : type;
  }
  if (type.parameters().empty()) return type;
  std::vector<Type> parameters;
  for (const Type& parameter : type.parameters()) parameters.push_back(replace(parameter, free, depth + 1));
  return with_parameters_of(type, std::move(parameters));
}

Type Substitution::resolve(const Type& type) const { return replace(type, Free::kKept, 0); }
Type Substitution::finish(const Type& type) const { return replace(type, Free::kDyn, 0); }

}  // namespace agentos::cel
