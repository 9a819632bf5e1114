// After `agentos run --learn`: the proposal in two files of a folder, and on standard error how it differs from what
// was in force. Nothing that governs anything is changed.
#pragma once

#include <string>

#include "abi/calls.h"
#include "apps/agentos/learning.h"
#include "base/error.h"

namespace agentos::cli {

// What the run is under.
struct Present {
  sandbox::Profile profile;
  std::string policy;  // the documents' text
};
Result<Present> present_documents(const abi::SpawnRequest& request);

// `first` is the log's end before the run.
Status write_proposal(const std::string& folder, const std::string& log_directory, recorder::Index first,
                      const LearningPlace& place, const Present& present);

}  // namespace agentos::cli
