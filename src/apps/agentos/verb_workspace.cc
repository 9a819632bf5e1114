// agentos discard and agentos workspace: the private copies there are.
#include "apps/agentos/quantities.h"
#include "apps/agentos/report.h"
#include "apps/agentos/workspaces.h"
#include "base/clock.h"

namespace agentos::cli {

Result<int> verb_discard(const Globals& globals, const WorkspaceOptions& options) {
  if (options.name.empty()) {
    return fail(ErrorCode::kInvalidArgument, "discard needs the name of a workspace", "agentos workspace ls");
  }
  workspace::Workspace found = TRY(open_workspace(globals, options.name));
  const std::string original = found.original();
  const auto readable = found.changes();  // a copy that cannot be read can be thrown away, too
  const std::vector<workspace::Change> changes = readable ? *readable : std::vector<workspace::Change>();
  const abi::WorkspaceNoteRequest note = note_about(found, "discard", changes);
  TRY(do_recorded(globals, note, [&]() -> Result<std::vector<workspace::Change>> {
    TRY(workspace::Workspace::discard(workspace_store(globals), std::move(found)));
    return changes;
  }));
  print_note("the workspace " + printable(options.name) + " is gone; " + printable(original) + " stays as it is");
  return kExitOk;
}

Result<int> verb_workspace_ls(const Globals& globals, const WorkspaceOptions&) {
  const std::string store = workspace_store(globals);
  const std::int64_t now_us = RealClock().wall_us();
  json::Array rows;
  Table table({{"NAME"},
               {"STATE"},
               {"AGE", Align::kRight},
               {"CHANGES", Align::kRight},
               {"ORIGINAL", Align::kLeft, Fit::kFlexible}});
  for (const std::string& name : TRY(workspace::Workspace::names(store))) {
    json::Object row{{"name", name}};
    auto found = workspace::Workspace::open(store, name);
    Status ready = found ? found->recover() : std::unexpected(found.error());
    auto changes = ready ? found->changes() : std::unexpected(ready.error());
    const bool in_use = !found && found.error().code == ErrorCode::kBusy;
    const std::string state = in_use                   ? "in use"
                              : !changes               ? "unreadable"
                              : found->can_roll_back() ? "committed"
                                                       : "open";
    row["state"] = state;
    if (found) {
      row["original"] = found->original();
      row["copy"] = found->copy();
      row["created_us"] = found->created_us();
    }
    if (changes) row["changes"] = static_cast<std::uint64_t>(changes->size());
    if (!changes && !in_use) row["error"] = changes.error().message;
    table.add({name,
               {state, in_use     ? Style::kWarn
                       : !changes ? Style::kBad
                                  : Style::kPlain},
               found ? show_duration_us(std::max<std::int64_t>(0, now_us - found->created_us())) : "-",
               changes ? std::to_string(changes->size()) : "-",
               found ? found->original() : "-"});
    rows.emplace_back(std::move(row));
  }
  if (globals.format == Format::kJson) {
    print_json(std::move(rows));
  } else {
    print_table(table);
  }
  return kExitOk;
}

Result<int> verb_workspace_recover(const Globals& globals, const WorkspaceOptions& options) {
  const workspace::Workspace found = TRY(open_workspace(globals, options.name));
  print_note("nothing is left half done in the workspace " + found.name());
  return kExitOk;
}

}  // namespace agentos::cli
