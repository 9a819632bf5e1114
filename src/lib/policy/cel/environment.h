// Environment: the variables, constants, functions and macros an expression may use, and their types.
//
// It starts with everything the language and its extensions define; a host adds its own. Compiling does not change it,
// and a Program does not need it any more. It exists so that what is not declared cannot be used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lib/policy/cel/type.h"
#include "lib/policy/cel/value.h"

namespace agentos::cel {

// What a function of a host gets beside its arguments.
struct CallContext {
  Scratch& scratch;
  const void* state = nullptr;  // Overload::state
};

// Pure: the result depends on arguments and state only. Arguments are never errors or absent. An error of its own is
// context.scratch.error("..."); the position of the call is added.
using NativeFunction = Value (*)(const CallContext& context, std::span<const Value> arguments);

enum class CallStyle : std::uint8_t {
  kGlobal,  // f(x, y); the name may have dots: math.abs(x)
  kMember,  // x.f(y); the receiver is the first parameter
};

struct Overload {
  std::string id;  // unique in the environment: "starts_with_string"
  CallStyle style = CallStyle::kGlobal;
  std::vector<Type> parameters = {};
  Type result = {};
  NativeFunction function = nullptr;  // nullptr: declared for the checker only, calling it is an error value
  const void* state = nullptr;        // must outlive every Program that calls it
};

struct Function {
  std::string name;
  std::vector<Overload> overloads;
};

struct Variable {
  std::string name;  // may have dots: "request.path"
  Type type;
};

class Environment {
 public:
  Environment();  // standard functions and macros, and the extensions of README.md

  // Names are looked up in the container first, then in its parents: in "a.b", x is a.b.x, a.x or x.
  void set_container(std::string container) { container_ = std::move(container); }
  const std::string& container() const { return container_; }

  // Adds a variable and gives its slot: 0, 1, 2, ... in order. kAlreadyExists when the name is taken, kInvalidArgument
  // when it is no name.
  Result<std::uint32_t> add_variable(std::string name, Type type);
  // Adds overloads to a function of that name, or a function. kAlreadyExists when an overload's id is taken or its
  // parameters collide with another's of the same style.
  Status add_function(Function function);
  // Functions of a host that many environments share, beside those added one by one. They outlive the environment and
  // every program, and no name of theirs is one of the language's.
  void set_library(std::span<const Function> library) { library_ = library; }
  // Makes the macros cel.block, cel.index, cel.iterVar and cel.accuVar known, which tools write and people do not.
  void enable_block_macros() { block_macros_ = true; }
  bool has_block_macros() const { return block_macros_; }

  std::span<const Variable> variables() const { return variables_; }
  std::optional<std::uint32_t> find_variable(std::string_view name) const;
  const Function* find_function(std::string_view name) const;  // nullptr when there is none
  std::optional<Type> find_type(std::string_view name) const;  // of a name that denotes a type: int, net.IP
  std::vector<std::string_view> function_names() const;

 private:
  std::vector<Variable> variables_;
  std::vector<Function> added_functions_;  // a function that exists is copied here before overloads are added
  std::span<const Function> library_;
  std::string container_;
  bool block_macros_ = false;
};

}  // namespace agentos::cel
