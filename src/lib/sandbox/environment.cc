// Filtering of variables, and the search for a program.
#include "lib/sandbox/environment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "lib/sandbox/mechanism/wire.h"

namespace agentos::sandbox {
namespace {

constexpr std::size_t kPlainValueMax = 64;
constexpr std::size_t kValueMax = 128 * 1024;

bool plain(const std::string* value) {
  if (value == nullptr || value->empty() || value->size() > kPlainValueMax) return false;
  return std::all_of(value->begin(), value->end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./:+@-").find(c) != std::string_view::npos;
  });
}

void put(Environment& environment, std::string_view name, std::string_view value) {
  for (auto& [known, present] : environment) {
    if (known == name) {
      present = value;
      return;
    }
  }
  environment.emplace_back(name, value);
}

Status check(const Environment& environment) {
  for (const auto& [name, value] : environment) {
    const bool good = !name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string::npos &&
                      value.find('\0') == std::string::npos && value.size() <= kValueMax;
    if (!good) {
      return fail(ErrorCode::kInvalidArgument, "the environment variable \"" + name.substr(0, 64) + "\" is not valid",
                  "a name has no '=', a value no NUL and at most 128 KiB");
    }
  }
  return {};
}

}  // namespace

const std::string* find_variable(const Environment& environment, std::string_view name) {
  for (const auto& [known, value] : environment) {
    if (known == name) return &value;
  }
  return nullptr;
}

Result<Environment> build_environment(const EnvironmentSources& sources) {
  TRY(check(sources.set));
  Environment result;
  const std::string* path = find_variable(sources.offered, "PATH");
  put(result, "PATH", path != nullptr ? std::string_view(*path) : kDefaultPath);
  put(result, "HOME", sources.tmp.empty() ? "/nonexistent" : sources.tmp);
  if (!sources.tmp.empty()) put(result, "TMPDIR", sources.tmp);
  const std::string* language = find_variable(sources.offered, "LANG");
  put(result, "LANG", plain(language) ? std::string_view(*language) : "C.UTF-8");
  for (const std::string_view name : {"TERM", "TZ"}) {
    const std::string* value = find_variable(sources.offered, name);
    if (plain(value)) put(result, name, *value);
  }
  put(result, "USER", "agent");
  put(result, "LOGNAME", "agent");
  for (const std::string& name : sources.allow) {
    const std::string* value = find_variable(sources.offered, name);
    if (value != nullptr) put(result, name, *value);
  }
  for (const auto& [name, value] : sources.set) put(result, name, value);
  TRY(check(result));
  if (result.size() > kEnvironmentMax) {
    return fail(ErrorCode::kTooLarge, "more than " + std::to_string(kEnvironmentMax) + " environment variables");
  }
  return result;
}

std::vector<std::string> program_candidates(const std::string& command, std::string_view path) {
  if (command.find('/') != std::string::npos) return {command};
  std::vector<std::string> candidates;
  while (!path.empty() && candidates.size() < kCandidatesMax) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string_view folder = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (!folder.starts_with("/")) continue;
    std::string candidate = std::string(folder) + "/" + command;
    struct stat status{};
    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(candidate.c_str(), X_OK) == 0) {
      candidates.push_back(std::move(candidate));
    }
  }
  return candidates;
}

}  // namespace agentos::sandbox
