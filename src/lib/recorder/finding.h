// What a verifier found: a word for programs, a sentence for people, and the place.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace agentos::recorder {

// The kinds are a list that FORMAT.md ("Findings") explains; other verifiers use the same words.
struct Finding {
  std::string kind;
  std::string what;
  std::string where;  // a file of the log, with offset and entry where there is one
};
using Check = std::optional<Finding>;  // nothing: as it should be

}  // namespace agentos::recorder
