// What a Program holds: the tree of ops, the storage they and their constants lie in, and the tree they came from.
#pragma once

#include <memory>
#include <vector>

#include "base/regex/pattern.h"
#include "lib/policy/cel/ast.h"
#include "lib/policy/cel/run/op.h"
#include "lib/policy/cel/scratch.h"

namespace agentos::cel {

inline constexpr std::size_t kPlanBytesMax = 256 << 20;  // the limits of an expression end far below

struct Plan {
  Ast ast;
  Scratch storage{{.scratch_bytes_max = kPlanBytesMax}};
  const Op* root = nullptr;
  std::uint32_t locals = 0;  // places for variables of comprehensions
  std::vector<std::unique_ptr<regex::Pattern>> patterns;
  std::vector<AttributePath> reads;
};

}  // namespace agentos::cel
