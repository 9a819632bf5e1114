// Sessions: the kernel's side of one connection, an agent's or an operator's.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "abi/kernel_api.h"
#include "kernel/call_context.h"

namespace agentos::kernel {

std::shared_ptr<abi::Session> make_agent_session(Monitor& monitor, const std::shared_ptr<Agent>& agent);
std::shared_ptr<abi::Session> make_operator_session(Monitor& monitor, std::uint32_t uid);

}  // namespace agentos::kernel
