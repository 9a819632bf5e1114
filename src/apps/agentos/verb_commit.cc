// agentos commit and rollback: an agent's changes into the original folder, and out of it again.
#include "apps/agentos/report.h"
#include "apps/agentos/workspaces.h"

namespace agentos::cli {

Result<int> verb_commit(const Globals& globals, const WorkspaceOptions& options) {
  workspace::Workspace found = TRY(open_workspace(globals, options.name));
  workspace::CommitOptions commit;
  commit.guard = protected_guard(found);
  for (std::string path : options.allow_protected) {
    while (path.size() > 1 && path.ends_with("/")) path.pop_back();
    if (path.starts_with("./")) path.erase(0, 2);
    commit.allowed.push_back(std::move(path));
  }
  const std::vector<workspace::Change> planned = TRY(found.changes());
  std::vector<workspace::Change> changes;
  if (!planned.empty()) {
    changes = TRY(do_recorded(globals, note_about(found, "commit", planned), [&] { return found.commit(commit); }));
  }
  print_changes(globals, changes, {});  // what was protected among them was named
  if (globals.format == Format::kJson) return kExitOk;
  if (changes.empty()) {
    print_note("nothing is changed in the workspace " + found.name());
  } else {
    print_note("committed to " + printable(found.original()) + "; agentos rollback " + found.name() +
               " takes it back while nothing has changed");
  }
  return kExitOk;
}

Result<int> verb_rollback(const Globals& globals, const WorkspaceOptions& options) {
  workspace::Workspace found = TRY(open_workspace(globals, options.name));
  const std::vector<workspace::Change> changes =
      TRY(do_recorded(globals, note_about(found, "rollback", {}), [&] { return found.rollback(); }));
  print_changes(globals, changes, {});
  if (globals.format != Format::kJson) {
    print_note(printable(found.original()) + " is as it was before the commit; the workspace still has the changes");
  }
  return kExitOk;
}

}  // namespace agentos::cli
