// What a changed folder would reach beyond itself once it is the operator's: links that lead out, programs that run as
// their owner.
#pragma once

#include <string>
#include <vector>

#include "lib/workspace/snapshot.h"

namespace agentos::workspace {

// For each of `changes`, which make `after` of `before`, why it reaches out; empty: it does not. A link leads out when
// following it, and every link on the way, does; a change that makes an old link lead out is held for it.
std::vector<std::string> reach_of(const Snapshot& before, const Snapshot& after, const std::vector<Change>& changes);

// Whether the link at `path` leads out of the folder when it is followed in `snapshot`. Names that are not there count
// as folders. The paths looked at on the way are appended to `met`.
bool leads_out(const Snapshot& snapshot, const std::string& path, std::vector<std::string>& met);

}  // namespace agentos::workspace
