// agentos diff: what an agent changed in its workspace.
#include "apps/agentos/report.h"
#include "apps/agentos/workspaces.h"

namespace agentos::cli {

Result<int> verb_diff(const Globals& globals, const WorkspaceOptions& options) {
  const workspace::Workspace found = TRY(open_workspace(globals, options.name));
  const std::vector<workspace::Change> changes = TRY(options.original ? found.changes_of_original() : found.changes());
  print_changes(globals, changes, protected_guard(found));
  if (globals.format != Format::kJson && changes.empty()) {
    print_note(options.original ? "nobody changed " + printable(found.original())
                                : "nothing is changed in the workspace " + found.name());
  }
  return kExitOk;
}

}  // namespace agentos::cli
