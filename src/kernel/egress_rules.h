// What holds for the calls the egress proxy makes for agents, beside policy.
#pragma once

#include <string>

namespace agentos::kernel {

struct CallContext;

// The smallest rule of a policy that would allow the call, in one line.
std::string allowing_rule(const CallContext& context);

}  // namespace agentos::kernel
