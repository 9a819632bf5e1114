// The profile is a document that extends the built-in one by a grant of the copy; the record has it in full.
#include "apps/agentos/workspace_run.h"

#include <filesystem>

#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "apps/agentos/workspaces.h"
#include "client/place.h"
#include "lib/sandbox/host_namespaces.h"
#include "lib/sandbox/profile.h"
#include "lib/sandbox/protected_paths.h"

namespace agentos::cli {
namespace {

constexpr int kNameTriesMax = 1'000;

Result<std::string> canonical_folder(const std::string& path) {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::canonical(path, error);
  if (error) return fail_errno(error.value(), "cannot find the folder " + path);
  if (!std::filesystem::is_directory(place, error)) {
    return fail(ErrorCode::kInvalidArgument, path + " is not a folder", "--workspace takes the folder to be changed");
  }
  return place.string();
}

// The folder's own name made fit, with a number when it is taken.
Result<std::string> free_name(const std::string& store, const std::string& folder) {
  std::string stem;
  for (const char c : std::filesystem::path(folder).filename().string()) {
    const std::string one(1, c);
    stem += workspace::is_workspace_name("x" + one) ? c : '_';
  }
  if (!workspace::is_workspace_name(stem)) stem = "w" + stem.substr(0, 40);
  const std::vector<std::string> known = TRY(workspace::Workspace::names(store));
  for (int i = 1; i < kNameTriesMax; ++i) {
    std::string name = i == 1 ? stem : stem.substr(0, 56) + "-" + std::to_string(i);
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return fail(ErrorCode::kAlreadyExists, "all names for a workspace of " + folder + " are taken", "--workspace-name");
}

Result<EnteredWorkspace> made_or_taken(const Globals& globals, const RunOptions& options) {
  const std::string folder = TRY(canonical_folder(options.workspace));
  TRY(client::own_directory(state_directory_of(globals)));
  const std::string store = workspace_store(globals);
  if (!options.workspace_name.empty()) {
    const std::vector<std::string> known = TRY(workspace::Workspace::names(store));
    if (std::find(known.begin(), known.end(), options.workspace_name) != known.end()) {
      workspace::Workspace found = TRY(open_workspace(globals, options.workspace_name));
      if (found.original() == folder) return EnteredWorkspace{.workspace = std::move(found), .made = false};
      return fail(ErrorCode::kAlreadyExists,
                  "the workspace " + found.name() + " is of " + found.original() + ", not of " + folder,
                  "give another name");
    }
  }
  const std::string name = options.workspace_name.empty() ? TRY(free_name(store, folder)) : options.workspace_name;
  return EnteredWorkspace{.workspace = TRY(workspace::Workspace::create(store, name, folder)), .made = true};
}

json::Value grant_of(const std::string& path, const std::string& from) {
  json::Object grant{{"path", path}};
  if (!from.empty()) grant["from"] = from;
  return json::Array{std::move(grant)};
}

}  // namespace

Result<EnteredWorkspace> enter_workspace(const Globals& globals, const RunOptions& options,
                                         abi::SpawnRequest& request) {
  const std::string preset = options.profile.empty() ? "workspace" : options.profile;
  if (!sandbox::preset_profile(preset)) {
    return fail(ErrorCode::kInvalidArgument, "--workspace goes with a built-in profile, and " + preset + " is none",
                "--profile workspace, build, agent-default or tool");
  }
  const std::string init = TRY(find_init_program());
  const sandbox::HostNamespaces host = sandbox::probe_host_namespaces(init, sandbox::default_base_directory());
  EnteredWorkspace entered = TRY(made_or_taken(globals, options));
  const workspace::Workspace& made = entered.workspace;
  const std::string folder = made.original(), copy = made.copy();
  // Where the caller is in the folder, the agent is in the copy.
  std::error_code error;
  const std::filesystem::path here = std::filesystem::canonical(request.working_directory, error);
  const std::filesystem::path below = here.lexically_relative(folder);
  const bool inside = !error && !below.empty() && *below.begin() != "..";
  const std::filesystem::path top(host.given ? folder : copy);
  request.working_directory = (inside && below != "." ? top / below : top).string();

  json::Object files{{"write", grant_of(host.given ? folder : copy, host.given ? copy : "")},
                     {"execute", grant_of(host.given ? folder : copy, host.given ? copy : "")}};
  json::Object profile{{"apiVersion", "agentos/v1"},
                       {"kind", "Profile"},
                       {"metadata", json::Object{{"name", preset + "-in-workspace"}}},
                       {"extends", preset},
                       {"files", std::move(files)}};
  if (host.given) {
    profile["isolation"] = json::Object{{"namespaces", "required"}};
  } else {
    // Nothing in the copy runs on the operator's behalf, and a commit holds these back.
    json::Array open;
    const std::string home = client::process_environment()("HOME");
    for (std::string& name : sandbox::protected_names(copy, home)) open.emplace_back(std::move(name));
    profile["unprotected"] = std::move(open);
  }
  request.profile_preset.clear();
  request.profile = abi::Document{.file = "workspace " + made.name(), .text = json::write(std::move(profile))};
  print_note("the agent changes a private copy of " + printable(folder) + ": the workspace " + made.name());
  if (!host.given) {
    print_note("this host gives no namespaces, so the agent works in " + printable(copy) + " and not at " +
               printable(folder) + " (agentos doctor)");
  }
  return entered;
}

void leave_workspace(const Globals& globals, EnteredWorkspace entered, int code) {
  const std::string name = entered.workspace.name();
  if (entered.made && code >= kExitNotStarted && code <= kExitNotFound) {
    const auto changes = entered.workspace.changes();
    if (changes && changes->empty()) {
      (void)workspace::Workspace::discard(workspace_store(globals), std::move(entered.workspace));
      return;
    }
  }
  print_note("what it changed: agentos diff " + name + "; then agentos commit or discard it");
}

}  // namespace agentos::cli
