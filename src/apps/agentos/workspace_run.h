// agentos run --workspace: the copy, and the request that puts the agent into it.
#pragma once

#include "abi/calls.h"
#include "apps/agentos/verbs.h"
#include "lib/workspace/workspace.h"

namespace agentos::cli {

// Makes the copy, or takes the one of that name again, and points the request at it: with namespaces the agent finds
// the copy at the folder's own path, without them it works in the copy where that lies, and a note says so.
struct EnteredWorkspace {
  workspace::Workspace workspace;
  bool made = false;  // now
};
Result<EnteredWorkspace> enter_workspace(const Globals& globals, const RunOptions& options, abi::SpawnRequest& request);
// After a run that ended with this code: says how to go on, or removes a copy that was made for nothing.
void leave_workspace(const Globals& globals, EnteredWorkspace entered, int code);

}  // namespace agentos::cli
