// Sending one signal of the table to one agent, or to all: what kill, stop, cont and signal share.
#pragma once

#include <string>

#include "apps/agentos/verbs.h"

namespace agentos::cli {

Result<int> send_signal(const Globals& globals, const AgentOptions& options, const std::string& signal);
Result<int> freeze_all(const Globals& globals, const FreezeOptions& options);

}  // namespace agentos::cli
