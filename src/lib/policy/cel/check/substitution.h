// What type variables stand for while an expression is checked, and which type may be given where another is wanted.
//
// Source: the type rules of the CEL language definition: dyn fits everywhere, a variable takes the most general of the
// types it meets.
#pragma once

#include <map>
#include <string>

#include "lib/policy/cel/type.h"

namespace agentos::cel {

class Substitution {
 public:
  // Whether a `given` fits a `wanted`; binds variables of both where it does, and changes nothing where it does not.
  bool assign(const Type& given, const Type& wanted);
  // The type of a collection that holds both.
  Type join(const Type& a, const Type& b);
  // `type` with variables replaced by what they stand for.
  Type resolve(const Type& type) const;
  // The same, free variables become dyn.
  Type finish(const Type& type) const;
  Type fresh();
  // `type` with its variables renamed to fresh ones, the same name to the same variable.
  Type instantiate(const Type& type, std::map<std::string, Type>& renamed);
  // undo(mark()) takes back every binding made since.
  std::size_t mark() const { return trail_.size(); }
  void undo(std::size_t mark);

 private:
  enum class Free : std::uint8_t { kKept, kDyn };
  enum class Bound : std::uint8_t { kFits, kDoesNotFit, kNotBound };
  bool fits(const Type& given, const Type& wanted, int depth);
  Bound bind(const Type& type, const Type& variable, int depth);
  Type replace(const Type& type, Free free, int depth) const;
  bool occurs(const Type& variable, const Type& type, int depth) const;
  const Type* find(const Type& variable) const;
  void set(const Type& variable, const Type& type);

  struct Change {
    std::string variable;
    std::optional<Type> before;
  };
  std::map<std::string, Type, std::less<>> bound_;
  std::vector<Change> trail_;
  int count_ = 0;
};

// Rebuilds `type` with other parameters.
Type with_parameters_of(const Type& type, std::vector<Type> parameters);

}  // namespace agentos::cel
