// Workspaces as verbs see them: where they are kept, which one is meant, what of it is protected, how changes are
// shown.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "abi/calls_operator.h"
#include "apps/agentos/verbs.h"
#include "base/json/value.h"
#include "lib/workspace/workspace.h"

namespace agentos::cli {

// <state>/workspaces.
std::string workspace_store(const Globals& globals);

// The one with this name; with an empty name the only one there is. What a crash left half done is completed first.
Result<workspace::Workspace> open_workspace(const Globals& globals, const std::string& name);

// SHA-256 of changes_as_json() without guard in canonical form: what the record knows a change set by.
std::string digest_of(const std::vector<workspace::Change>& changes);

// What the record is told of an act ("commit", "rollback", "discard") before it is done.
abi::WorkspaceNoteRequest note_about(const workspace::Workspace& workspace, std::string_view act,
                                     const std::vector<workspace::Change>& changes);
// Does `work` between two entries of the record: the note, which is on disk before anything is done, and one with what
// came of it. Without a record nothing is done.
using ChangingWork = std::function<Result<std::vector<workspace::Change>>()>;
Result<std::vector<workspace::Change>> do_recorded(const Globals& globals, abi::WorkspaceNoteRequest note,
                                                   const ChangingWork& work);

// Startup files, hooks, configuration of agents: what runs on the operator's behalf later.
workspace::Guard protected_guard(const workspace::Workspace& workspace);

// With "protected" where there is a reason to hold a change back; without reasons, none.
json::Value changes_as_json(const std::vector<workspace::Change>& changes, const std::vector<std::string>& reasons);
// One line each, or JSON, as the format has it.
void print_changes(const Globals& globals, const std::vector<workspace::Change>& changes,
                   const std::vector<std::string>& reasons);

}  // namespace agentos::cli
