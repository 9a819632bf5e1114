// What making a call and asking about it share: who may make it at all, and what the caller is told of a denial.
#pragma once

#include <string>

#include "abi/table.h"
#include "kernel/call_context.h"

namespace agentos::kernel {

bool subject_may(const abi::Row& row, const Caller& caller);
// Policy's sentence for the model; it names no file and no line.
std::string told(const policy::Decision& decision);

}  // namespace agentos::kernel
