// What changes between two sets of documents, shown by requests that are decided otherwise.
//
// The requests follow from the rules of both sets: for each rule one it applies to, for each two rules one both could
// apply to, and all of these with every clause's values on either side. What is found is a difference; that none is
// found is no proof that there is none, least of all for expressions whose values cannot be taken from their text.
#pragma once

#include <string>
#include <vector>

#include "lib/policy/tools/set.h"

namespace agentos::policy::tools {

struct Difference {
  std::string kind;     // "verdict", "observed" (what would have been), "obligations", "message", "rule"
  json::Object before;  // to_json of the decisions
  json::Object after;
  json::Object request;        // for eval; with sequences and limits of the set before
  json::Object request_after;  // the same for the set after; equal unless the sets declare others
};

struct Diff {
  std::vector<Difference> differences;                  // at most kWitnessesMax; verdicts first
  std::vector<std::string> rules_removed, rules_added;  // ids
  std::vector<std::string> past_changed;                // limits and sequences whose amounts or times differ
  std::size_t requests = 0;                             // decided under both
  bool same() const { return differences.empty() && past_changed.empty(); }
  bool cut_short = false;  // kDiffTriesMax or kWitnessesMax ended the search
};

// Both sets must have been compiled with the same vocabulary.
Diff diff(const PolicySet& before, const PolicySet& after);

}  // namespace agentos::policy::tools
