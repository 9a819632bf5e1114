// From the words of `agentos run` to the request the kernel understands: documents, limits, environment, directory.
#pragma once

#include <string>

#include "abi/calls.h"
#include "apps/agentos/verbs.h"
#include "base/error.h"

namespace agentos::cli {

// Only variables that a confined program can get anyway leave this process: those its profile names and the few that
// every program gets. A token in the environment of who types `agentos run` never reaches the kernel's record.
Result<abi::SpawnRequest> spawn_request(const RunOptions& options, const char* const* environment);

// The request's profile, with `trace: true` in it.
Status add_trace(abi::SpawnRequest& request);

// 127 when there is no such program, 126 when it cannot be executed, 125 for anything else; `error` is spawn's.
int exit_code_of_start(const Error& error, const std::string& program, const std::string& path);

// Variables of `environment` that a program gets: a few always, and those of these names.
json::Object offered_environment(const char* const* environment, const std::vector<std::string>& allowed);
// Documents by file or built-in name.
Result<std::vector<abi::Document>> policy_documents(const std::vector<std::string>& names);
// A profile by file or built-in name.
struct ProfileWord {
  std::string preset;  // or
  std::optional<abi::Document> document;
  std::vector<std::string> environment_allow;
};
Result<ProfileWord> profile_word(const std::string& given, std::string_view fallback);

}  // namespace agentos::cli
