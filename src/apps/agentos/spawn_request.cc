// Assembling, with every mistake told before anything starts.
#include "apps/agentos/spawn_request.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "apps/agentos/documents.h"
#include "apps/agentos/quantities.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/json/value.h"
#include "base/yaml/document.h"
#include "lib/policy/policy.h"
#include "lib/sandbox/environment.h"
#include "lib/sandbox/profile.h"

namespace agentos::cli {
namespace {

constexpr std::array<std::string_view, 5> kAlwaysOffered = {"PATH", "HOME", "LANG", "TERM", "TZ"};

}  // namespace

json::Object offered_environment(const char* const* environment, const std::vector<std::string>& allowed) {
  json::Object out;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view variable = *environment;
    const std::size_t equals = variable.find('=');
    if (equals == std::string_view::npos || !json::valid_utf8(variable)) continue;
    const std::string_view name = variable.substr(0, equals);
    const bool offered = std::find(kAlwaysOffered.begin(), kAlwaysOffered.end(), name) != kAlwaysOffered.end() ||
                         std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    if (offered) out[name] = variable.substr(equals + 1);
  }
  return out;
}

Result<std::vector<abi::Document>> policy_documents(const std::vector<std::string>& names) {
  std::vector<abi::Document> documents;
  for (const std::string& name : names) {
    if (!policy::preset(name).empty()) {
      documents.push_back({.file = name, .text = std::string(policy::preset(name))});
      continue;
    }
    auto document = read_document(name);
    if (!document) {
      std::string known;
      for (const std::string_view one : policy::preset_names()) (known += ' ') += one;
      return fail(abi::error::invalid_policy, document.error().message, "name a file or a built-in policy:" + known);
    }
    documents.push_back(std::move(*document));
  }
  return documents;
}

Result<ProfileWord> profile_word(const std::string& given, std::string_view fallback) {
  const std::string name = given.empty() ? std::string(fallback) : given;
  ProfileWord word;
  if (auto profile = sandbox::preset_profile(name)) {
    word.preset = name;
    word.environment_allow = std::move(profile->environment_allow);
    return word;
  }
  auto document = read_document(name);
  if (!document) {
    std::string known;
    for (const std::string_view one : sandbox::preset_profile_names()) (known += ' ') += one;
    return fail(abi::error::invalid_policy, document.error().message, "name a file or a built-in profile:" + known);
  }
  auto profile = sandbox::parse_profile(document->text, document->file);
  if (!profile) return fail(abi::error::invalid_policy, profile.error().message, profile.error().hint);
  word.document = std::move(*document);
  word.environment_allow = std::move(profile->environment_allow);
  return word;
}

namespace {

Status add_policies(const RunOptions& options, abi::SpawnRequest& request) {
  request.policy = TRY(policy_documents(options.policies));
  return {};
}

// The names of variables the profile lets through.
Result<std::vector<std::string>> add_profile(const RunOptions& options, abi::SpawnRequest& request) {
  ProfileWord word = TRY(profile_word(options.profile, "agent-default"));
  request.profile_preset = std::move(word.preset);
  request.profile = std::move(word.document);
  return std::move(word.environment_allow);
}
Status add_bounds(const RunOptions& options, abi::SpawnRequest& request) {
  if (!options.timeout.empty()) request.budget.time_ms = TRY(parse_duration_ms(options.timeout));
  request.budget.calls = options.calls;
  request.budget.bytes = options.bytes;
  request.budget.tokens = options.tokens;
  json::Object limits;
  if (!options.memory.empty()) limits["memory_bytes"] = TRY(parse_size_bytes(options.memory));
  if (options.cpu_seconds) limits["cpu_seconds"] = *options.cpu_seconds;
  if (options.processes) limits["processes"] = *options.processes;
  if (options.open_files) limits["open_files"] = *options.open_files;
  request.limits = std::move(limits);
  return {};
}

}  // namespace

Result<abi::SpawnRequest> spawn_request(const RunOptions& options, const char* const* environment) {
  if (options.command.empty()) {
    return fail(ErrorCode::kInvalidArgument, "there is no program to run", "agentos run -- PROGRAM ARGUMENTS...");
  }
  abi::SpawnRequest request;
  for (const std::string& word : options.command) {
    if (!json::valid_utf8(word)) return fail(ErrorCode::kInvalidArgument, "an argument of the program is not UTF-8");
    request.command.push_back(word);
  }
  request.name = options.name;
  std::array<char, 4096> directory;
  if (::getcwd(directory.data(), directory.size()) == nullptr) {
    return fail_errno(errno, "cannot name the current directory");
  }
  request.working_directory = directory.data();
  TRY(add_policies(options, request));
  std::vector<std::string> allowed = TRY(add_profile(options, request));
  request.environment_allow = options.allow_environment;
  allowed.insert(allowed.end(), options.allow_environment.begin(), options.allow_environment.end());
  request.environment = offered_environment(environment, allowed);
  TRY(add_bounds(options, request));
  request.bound_to_connection = !options.detach;
  return request;
}

Status add_trace(abi::SpawnRequest& request) {
  json::Value document(json::Object{{"apiVersion", "agentos/v1"},
                                    {"kind", "Profile"},
                                    {"metadata", json::Object{{"name", request.profile_preset + "-traced"}}},
                                    {"extends", request.profile_preset}});
  std::string file = request.profile_preset;
  if (request.profile) {
    document = yaml::to_json(TRY(yaml::parse(request.profile->text, request.profile->file)));
    file = request.profile->file;
  }
  if (!document.is_object()) return fail(abi::error::invalid_policy, file + " is no profile");
  document.as_object()["trace"] = true;
  request.profile_preset.clear();
  request.profile = abi::Document{.file = file + " (traced)", .text = json::write(document)};
  return {};
}

int exit_code_of_start(const Error& error, const std::string& program, const std::string& path) {
  if (error.code == abi::error::not_found) return kExitNotFound;
  if (error.code != abi::error::sandbox_failed) return exit_code_of(error);
  struct stat status{};
  if (program.find('/') == std::string::npos) {
    return sandbox::program_candidates(program, path).empty() ? kExitNotFound : kExitNotStarted;
  }
  if (::stat(program.c_str(), &status) != 0)
    return errno == ENOENT || errno == ENOTDIR ? kExitNotFound : kExitNotExecutable;
  if (!S_ISREG(status.st_mode) || ::access(program.c_str(), X_OK) != 0) return kExitNotExecutable;
  return kExitNotStarted;
}

}  // namespace agentos::cli
