// The environment of a confined program: what the profile lets through, a small fixed set, and what is always set.
//
// The fixed set: PATH (the client's), HOME and TMPDIR (the private tmp; HOME=/nonexistent without one), LANG, TERM, TZ
// (the client's when they look like such, LANG=C.UTF-8 otherwise), USER and LOGNAME (agent). Nothing else of the
// client's environment enters, so no token does unless the profile names its variable.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace agentos::sandbox {

using Environment = std::vector<std::pair<std::string, std::string>>;

struct EnvironmentSources {
  const Environment& offered;
  const std::vector<std::string>& allow;  // names the profile lets through
  const Environment& set;                 // wins over everything
  std::string_view tmp;                   // empty: no private tmp
};

// Names are unique in the result. kInvalidArgument for a name or value that cannot be in an environment.
Result<Environment> build_environment(const EnvironmentSources& sources);

// The value of a name; nullptr when absent.
const std::string* find_variable(const Environment& environment, std::string_view name);

inline constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

// Where a command may be found, in PATH order: names of executable regular files. A command with a '/' is its own only
// candidate. Relative PATH entries are not searched.
std::vector<std::string> program_candidates(const std::string& command, std::string_view path);

}  // namespace agentos::sandbox
