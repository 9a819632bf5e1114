// An upper bound of what evaluating a tree costs, when what comes from outside is no larger than stated.
#pragma once

#include <cstdint>

#include "lib/policy/cel/program.h"

namespace agentos::cel {

// In steps of Scratch; UINT64_MAX when it grows beyond what fits.
std::uint64_t cost_of(const Ast& ast, const SizeBounds& bounds);

}  // namespace agentos::cel
