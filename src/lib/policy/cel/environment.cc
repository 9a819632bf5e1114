// What an expression may use.
#include "lib/policy/cel/environment.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include "lib/policy/cel/library/library.h"
#include "lib/policy/cel/syntax/token.h"

namespace agentos::cel {
namespace {

bool is_name(std::string_view name) {
  bool starts = true;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (starts ? !letter : !(letter || (c >= '0' && c <= '9') || c == '.')) return false;
    starts = c == '.';
  }
  return !starts && !is_reserved(name);
}

// Whether a call could mean both.
bool collide(const Overload& a, const Overload& b) {
  return a.style == b.style && std::ranges::equal(a.parameters, b.parameters);
}

}  // namespace

Environment::Environment() = default;

Result<std::uint32_t> Environment::add_variable(std::string name, Type type) {
  if (!is_name(name)) return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is no name for a variable", name));
  if (find_variable(name))
    return fail(ErrorCode::kAlreadyExists, fmt::format("the variable '{}' is declared twice", name));
  variables_.push_back({std::move(name), std::move(type)});
  return static_cast<std::uint32_t>(variables_.size() - 1);
}

Status Environment::add_function(Function function) {
  if (!is_name(function.name))
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is no name for a function", function.name));
  const Function* known = find_function(function.name);
  Function merged{function.name, known == nullptr ? std::vector<Overload>{} : known->overloads};
  for (Overload& overload : function.overloads) {
    if (overload.style == CallStyle::kMember && overload.parameters.empty())
      return fail(ErrorCode::kInvalidArgument, fmt::format("the method '{}' has no receiver", overload.id));
    for (const Overload& other : merged.overloads)
      if (other.id == overload.id || collide(other, overload))
        return fail(ErrorCode::kAlreadyExists,
                    fmt::format("'{}' of '{}' is there already", overload.id, function.name));
    merged.overloads.push_back(std::move(overload));
  }
  std::erase_if(added_functions_, [&](const Function& each) { return each.name == function.name; });
  added_functions_.push_back(std::move(merged));
  return {};
}

std::optional<std::uint32_t> Environment::find_variable(std::string_view name) const {
  for (std::size_t i = 0; i < variables_.size(); ++i)
    if (variables_[i].name == name) return static_cast<std::uint32_t>(i);
  return std::nullopt;
}

const Function* Environment::find_function(std::string_view name) const {
  const auto found = std::ranges::find(added_functions_, name, &Function::name);
  if (found != added_functions_.end()) return &*found;
  const auto shared = std::ranges::find(library_, name, &Function::name);
  return shared != library_.end() ? &*shared : find_standard_function(name);
}

std::optional<Type> Environment::find_type(std::string_view name) const {
  static const std::vector<Type> kTypes = {Type::null(),
                                           Type::boolean(),
                                           Type::integer(),
                                           Type::unsigned_integer(),
                                           Type::floating(),
                                           Type::string(),
                                           Type::bytes(),
                                           Type::duration(),
                                           Type::timestamp(),
                                           Type::ip(),
                                           Type::cidr(),
                                           Type::list(Type::dyn()),
                                           Type::map(Type::dyn(), Type::dyn()),
                                           Type::optional(Type::dyn()),
                                           Type::type()};
  for (const Type& type : kTypes)
    if (type.name() == name) return type;
  for (const Variable& variable : variables_)
    if (variable.type.is(TypeKind::kRecord) && variable.type.name() == name) return variable.type;
  return std::nullopt;
}

std::vector<std::string_view> Environment::function_names() const {
  std::vector<std::string_view> names;
  for (const Function& function : standard_functions()) names.push_back(function.name);
  for (const Function& function : library_) names.push_back(function.name);
  for (const Function& function : added_functions_)
    if (find_standard_function(function.name) == nullptr) names.push_back(function.name);
  return names;
}

}  // namespace agentos::cel
