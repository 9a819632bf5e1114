// Names and contents come from agents: what is printed went through printable().
#include "apps/agentos/workspaces.h"

#include <fmt/format.h>

#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/crypto/hash.h"
#include "client/place.h"
#include "lib/sandbox/protected_paths.h"

namespace agentos::cli {
namespace {

constexpr std::size_t kReasonBytesMax = 1000;

std::string_view kind_word(workspace::Kind kind) {
  switch (kind) {
    case workspace::Kind::kFolder:
      return "folder";
    case workspace::Kind::kFile:
      return "file";
    case workspace::Kind::kLink:
      return "link";
    case workspace::Kind::kAbsent:
      break;
  }
  return "absent";
}

json::Value entry_as_json(const workspace::Entry& entry) {
  if (entry.kind == workspace::Kind::kAbsent) return nullptr;
  json::Object out{{"kind", kind_word(entry.kind)}};
  if (entry.kind == workspace::Kind::kLink) {
    out["target"] = json::to_valid_utf8(entry.target);
    return out;
  }
  out["mode"] = fmt::format("{:04o}", entry.mode);
  if (entry.kind == workspace::Kind::kFile) {
    out["size_bytes"] = entry.size_bytes;
    out["sha256"] = crypto::hex(entry.digest);
  }
  return out;
}

// What there is to say beyond the word and the path.
std::string details_of(const workspace::Change& change) {
  const workspace::Entry &before = change.before, &after = change.after;
  const std::string_view word = workspace::word_of(change);
  if (word == "mode") return fmt::format("{:04o} -> {:04o}", before.mode, after.mode);
  if (word == "replaced") return fmt::format("{} -> {}", kind_word(before.kind), kind_word(after.kind));
  if (after.kind == workspace::Kind::kLink) return "link -> " + after.target;
  if (word == "changed") return fmt::format("{} -> {} bytes", before.size_bytes, after.size_bytes);
  const workspace::Entry& one = word == "removed" ? before : after;
  return one.kind == workspace::Kind::kFile ? fmt::format("{} bytes", one.size_bytes)
                                            : std::string(kind_word(one.kind));
}

Style style_of_change(std::string_view word) {
  if (word == "added") return Style::kGood;
  return word == "removed" ? Style::kBad : Style::kWarn;
}

}  // namespace

std::string workspace_store(const Globals& globals) { return state_directory_of(globals) + "/workspaces"; }

Result<workspace::Workspace> open_workspace(const Globals& globals, const std::string& name) {
  const std::string store = workspace_store(globals);
  std::string meant = name;
  if (meant.empty()) {
    const std::vector<std::string> known = TRY(workspace::Workspace::names(store));
    if (known.size() > 1) {
      std::string hint = "name one:";
      for (std::size_t i = 0; i < std::min(known.size(), workspace::kNamedPathsMax); ++i) hint += " " + known[i];
      return fail(ErrorCode::kInvalidArgument, "there are " + std::to_string(known.size()) + " workspaces", hint);
    }
    if (!known.empty()) meant = known[0];
  }
  workspace::Workspace found = TRY(workspace::Workspace::open(store, meant));
  if (found.pending() != workspace::Pending::kNothing) {
    print_note("completing what was interrupted in the workspace " + found.name());
  }
  TRY(found.recover());
  return found;
}

workspace::Guard protected_guard(const workspace::Workspace& workspace) {
  std::string home = client::process_environment()("HOME");
  std::vector<std::string> named = sandbox::names_of_git(workspace.original(), home);
  return [folder = workspace.original(), home = std::move(home), named = std::move(named)](
             const workspace::Change& change, const workspace::Snapshot& after) -> std::string {
    const bool was_folder = change.before.kind == workspace::Kind::kFolder;
    const bool folder_now =
        change.after.kind == workspace::Kind::kFolder || (change.after.kind == workspace::Kind::kAbsent && was_folder);
    const std::string name = sandbox::protected_by(
        change.path, folder_now ? sandbox::Becomes::kFolder : sandbox::Becomes::kOther, folder, home, named);
    if (!name.empty()) return "protected: " + name;
    const auto exists = [&](const std::string& path) { return after.contains(path); };
    return sandbox::steers_repository(change.path, exists) ? "protected: a git repository" : std::string();
  };
}

json::Value changes_as_json(const std::vector<workspace::Change>& changes, const std::vector<std::string>& reasons) {
  json::Array out;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const workspace::Change& change = changes[i];
    json::Object one{{"path", json::to_valid_utf8(change.path)},
                     {"change", workspace::word_of(change)},
                     {"before", entry_as_json(change.before)},
                     {"after", entry_as_json(change.after)}};
    if (i < reasons.size() && !reasons[i].empty()) one["protected"] = reasons[i];
    out.emplace_back(std::move(one));
  }
  return out;
}

void print_changes(const Globals& globals, const std::vector<workspace::Change>& changes,
                   const std::vector<std::string>& reasons) {
  if (globals.format == Format::kJson) {
    print_json(changes_as_json(changes, reasons));
    return;
  }
  if (changes.empty()) return;
  Table table({{"CHANGE"}, {"PATH", Align::kLeft, Fit::kFlexible}, {"WHAT"}, {"PROTECTED"}});
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const workspace::Change& change = changes[i];
    const std::string_view word = workspace::word_of(change);
    const bool slash =
        (change.after.kind == workspace::Kind::kAbsent ? change.before : change.after).kind == workspace::Kind::kFolder;
    table.add({{std::string(word), style_of_change(word)},
               change.path + (slash ? "/" : ""),
               details_of(change),
               {i < reasons.size() ? reasons[i] : std::string(), Style::kBad}});
  }
  print_table(table);
}

std::string digest_of(const std::vector<workspace::Change>& changes) {
  return crypto::hex(crypto::sha256(json::write_canonical(changes_as_json(changes, {}))));
}

abi::WorkspaceNoteRequest note_about(const workspace::Workspace& workspace, std::string_view act,
                                     const std::vector<workspace::Change>& changes) {
  return {.workspace = workspace.name(),
          .act = std::string(act),
          .step = "begin",
          .original = json::to_valid_utf8(workspace.original()),
          .digest = digest_of(changes),
          .changes = static_cast<std::int64_t>(changes.size()),
          .reason = {}};
}

Result<std::vector<workspace::Change>> do_recorded(const Globals& globals, abi::WorkspaceNoteRequest note,
                                                   const ChangingWork& work) {
  const Reached reached = TRY(reach_kernel(globals, Start::kWhenAbsent));
  TRY(reached.client->call(note));
  Result<std::vector<workspace::Change>> done = work();
  note.step = done ? "done" : "failed";
  if (done) {
    note.digest = digest_of(*done);
    note.changes = static_cast<std::int64_t>(done->size());
  } else {
    note.reason = json::to_valid_utf8(done.error().message.substr(0, kReasonBytesMax));
  }
  const auto told = reached.client->call(note);
  if (!told)
    print_note("the record has only the beginning of this " + note.act + ": " + printable(told.error().message));
  return done;
}

}  // namespace agentos::cli
