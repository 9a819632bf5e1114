// A compiled expression: immutable, shared between threads, evaluated without allocating.
//
// compile() refuses what is wrong with line and column; evaluate() never fails otherwise than by an error value and
// ends within the budget of its Scratch. It exists so that deciding costs nanoseconds and cannot hang.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lib/policy/cel/activation.h"
#include "lib/policy/cel/ast.h"
#include "lib/policy/cel/environment.h"
#include "lib/policy/cel/scratch.h"

namespace agentos::cel {

struct Plan;

// How large what comes from outside can be, for Program::cost_bound.
struct SizeBounds {
  std::uint64_t string_bytes_max = 4096;
  std::uint64_t elements_max = 1000;  // of a list or map that is not written in the expression
};

class Program {
 public:
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  // The value of the expression, or an error value; never absent. Does not reset `scratch`.
  Value evaluate(const Activation& activation, Scratch& scratch) const;

  const Type& type() const;
  const Ast& ast() const;
  std::span<const AttributePath> reads() const;
  // An upper bound of the steps one evaluation takes; UINT64_MAX when none can be given.
  std::uint64_t cost_bound(const SizeBounds& bounds = {}) const;

 private:
  friend std::expected<Program, std::vector<Issue>> compile(Ast ast, const Environment& environment,
                                                            const Limits& limits);
  explicit Program(std::unique_ptr<const Plan> plan);
  std::unique_ptr<const Plan> plan_;
};

// parse(), check() and compile in one.
std::expected<Program, std::vector<Issue>> compile(std::string_view source, const Environment& environment,
                                                   const Limits& limits = {});
// Of a checked tree; also of one that is only parsed, whose names and types are then looked at while evaluating.
std::expected<Program, std::vector<Issue>> compile(Ast ast, const Environment& environment, const Limits& limits = {});

}  // namespace agentos::cel
