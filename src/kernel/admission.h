// What making a call, asking about it and approving it share.
#pragma once

#include <string>

#include "abi/table.h"
#include "kernel/call_context.h"

namespace agentos::kernel {

bool subject_may(const abi::Row& row, const Caller& caller);
// The labels an allowed call puts on the agent and its family.
void add_labels(Agent& agent, const policy::Decision& decision);
// What the arguments stand for: handles by the files behind them, tools by what they are. An approval is for that.
std::string stands_for(const CallContext& context);
// Policy's sentence for the model; it names no file and no line.
std::string told(const policy::Decision& decision);

}  // namespace agentos::kernel
