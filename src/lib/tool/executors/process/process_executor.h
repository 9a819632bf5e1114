// Runs a tool as a confined child process: arguments in, one result out, deadline, cancellation, bounded output.
//
// The process has no socket and no calls of its own. Output beyond the bound ends the call as failed and the tree is
// killed; standard error is kept (its first 4 KiB) for the error text.
#pragma once

#include <memory>

#include "base/clock.h"
#include "lib/sandbox/launcher.h"
#include "lib/tool/registry.h"

namespace agentos::tool {

std::shared_ptr<Executor> make_process_executor(sandbox::Launcher& launcher, const Clock& clock);

}  // namespace agentos::tool
