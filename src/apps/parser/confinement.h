// Gives up everything this process does not need: it keeps read from 0, write to 1, and memory up to a limit.
#pragma once

#include "base/error.h"

namespace agentos::parser {

// No return from here: other descriptors are closed, limits set, and every other system call ends the process.
Status confine();

}  // namespace agentos::parser
